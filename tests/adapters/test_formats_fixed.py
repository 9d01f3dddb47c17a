"""Fixed-width records measured in bytes: cut exactly, trimmed as declared alone, half a character never taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Declared
from adapters.formats.fixed.config import Fixed, FixedField, Span, TotalsRecord
from gateway.errors import ConfigInvalid, SourceMalformed
from tests.adapters.held import MONEY, Found, Held, asking, found

FIELDS = (
    FixedField(name="户号", length=6),
    FixedField(name="姓名", start=9, length=8),
    FixedField(name=MONEY, length=8),
)
BYTES = 24
ASKED = ("户号", "姓名", MONEY)


def record(number: str, name: str, money: str, gap: bytes = b"--") -> bytes:
    cells = number.encode("gb18030").ljust(6), name.encode("gb18030").ljust(8), money.encode("gb18030").rjust(8)
    return cells[0] + gap + cells[1] + cells[2]


def layout(**how: Any) -> Fixed:
    return Fixed(**({"record_bytes": BYTES, "fields": FIELDS} | how))


def read(raw: bytes, *, cut: int = 1 << 18, asked: tuple[str, ...] = ASKED, **how: Any) -> Found:
    return found(Held(raw=raw, cut=cut), layout(**how), asking(*asked))


def refusal(raw: bytes, **how: Any) -> str:
    with pytest.raises(SourceMalformed) as refused:
        read(raw, **how)
    return f"{refused.value.facts['where']} {refused.value.facts['reason_en']}"


CELL = st.text(st.sampled_from("0 7a张億䶮㐁\u3000"), max_size=8)


@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=20),
    st.integers(1, 50),
    st.sampled_from([b"\n", b"\r\n", b""]),
    st.sampled_from(["none", "right", "left", "both"]),
)
def test_every_record_is_read_as_it_was_written(
    rows: list[tuple[str, str, str]], cut: int, end: bytes, trim: str
) -> None:
    widths = (10, 12, 9)
    raws = [[_filled(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    raw = b"".join(b"".join(cells) + end for cells in raws)
    fields = tuple(FixedField(name=name, length=width) for name, width in zip(ASKED, widths, strict=True))
    got = read(raw, cut=cut, record_bytes=31, fields=fields, trim=trim, line_end="newline" if end else "none")
    expected = [tuple(_trimmed(cell.decode("gb18030"), trim) for cell in cells) for cells in raws]
    assert got == Found(rows={str(at): row for at, row in enumerate(expected, 1)}, faults={}, declared=None)


def _filled(cell: str, width: int) -> bytes:
    while len(cell.encode("gb18030")) > width:
        cell = cell[:-1]
    return cell.encode("gb18030").ljust(width)


def _trimmed(text: str, trim: str) -> str:
    trims = {"none": str, "right": lambda t: t.rstrip(" \u3000"), "left": lambda t: t.lstrip(" \u3000")}
    return trims[trim](text) if trim in trims else text.strip(" \u3000")


@given(st.binary(max_size=120), st.integers(1, 40))
def test_every_line_of_any_bytes_is_a_row_or_a_fault_or_blank(raw: bytes, cut: int) -> None:
    raw = record("1", "a", "1") + b"\n" + raw.replace(b"\x1a", b"").replace(b"\r", b"")
    got = read(raw, cut=cut)
    lines = (raw + b"\n").split(b"\n")
    assert sorted([*got.rows, *got.faults], key=int) == [str(at) for at, line in enumerate(lines, 1) if line]


def test_padding_is_taken_off_as_declared_and_zeros_never() -> None:
    raw = record("007000", "\u3000李\u3000四", "0012.50") + b"\n"
    wide = "\u3000李\u3000四".encode("gb18030")
    assert len(wide) == 8
    assert read(raw).rows == {"1": ("007000", "李\u3000四", "0012.50")}
    assert read(raw, trim="none").rows == {"1": ("007000", "\u3000李\u3000四", " 0012.50")}
    assert read(raw, padding=("space",)).rows == {"1": ("007000", "\u3000李\u3000四", "0012.50")}
    each = (FIELDS[0], FIELDS[1].model_copy(update={"trim": "right"}), FIELDS[2])
    assert read(raw, fields=each).rows == {"1": ("007000", "\u3000李\u3000四", "0012.50")}


def test_nul_padding_stays_unless_it_is_declared() -> None:
    raw = b"7\0\0\0\0\0--" + b"ab\0\0\0\0\0\0" + b"    1.00\n"
    assert read(raw).rows == {"1": ("7\0\0\0\0\0", "ab\0\0\0\0\0\0", "1.00")}
    assert read(raw, padding=("space", "nul")).rows == {"1": ("7", "ab", "1.00")}


def test_a_field_of_padding_alone_is_empty_text() -> None:
    assert read(record("", "　", "") + b"\n").rows == {"1": ("", "", "")}


@pytest.mark.parametrize(
    "raw",
    [
        b"1     --" + "王小二张".encode("gbk")[:7] + "张".encode("gbk") + b"   1.00",  # over the edge of 姓名 and 金额
        b"1    " + "张".encode("gbk") + b"-" + b"a       " + b"    1.00",  # over the edge of 户号 and the gap
        b"1     -" + "张".encode("gbk") + b"a      " + b"    1.00",  # out of the gap into 姓名
        b"1     --a       " + b"    1.0\xd5",  # at the record's end
    ],
)
@pytest.mark.parametrize("asked", [ASKED, ("姓名",)])
def test_a_character_cut_in_half_at_an_edge_is_a_fault_at_its_place(raw: bytes, asked: tuple[str, ...]) -> None:
    assert len(raw) == BYTES
    whole = record("2", "李四", "2.00")
    got = read(whole + b"\n" + raw + b"\n" + whole + b"\n", asked=asked)
    assert (list(got.rows), got.faults) == (["1", "3"], {"2": "encoding"})
    ended = read(whole + raw + whole, asked=asked, line_end="none")
    assert (list(ended.rows), ended.faults) == (["1", "3"], {"2": "encoding"})


def test_short_long_and_torn_records_are_faults_and_blank_lines_are_none() -> None:
    good = record("1", "张三", "1.00")
    raw = b"\r\n".join([good, good[:-1], good + b" ", b"", good[:5] + b"\x1f" + good[6:], good])
    assert read(raw) == Found(
        rows={"1": ("1", "张三", "1.00"), "6": ("1", "张三", "1.00")},
        faults={"2": "layout", "3": "layout", "5": "layout"},
        declared=None,
    )


def test_a_line_break_inside_a_record_without_line_ends_is_a_fault() -> None:
    good = record("1", "张三", "1.00")
    got = read(good + good[:5] + b"\n" + good[6:] + good, line_end="none")
    assert (list(got.rows), got.faults) == (["1", "3"], {"2": "layout"})


def test_a_total_among_the_records_is_never_a_person() -> None:
    raw = record("1", "张三", "1.00") + b"\n" + record("合计", "", "1.00") + b"\n"
    assert read(raw).faults == {"2": "summary"}
    assert read(raw, skip=("summaries",)).faults == {}


@pytest.mark.parametrize("tail", [b"", b"\x1a", b"\r\n", b"\n\x1a"])
@pytest.mark.parametrize("cut", [1, 1000])
def test_the_end_of_a_file_without_line_ends_may_be_marked(tail: bytes, cut: int) -> None:
    assert list(read(record("1", "a", "1") * 3 + tail, line_end="none", cut=cut).rows) == ["1", "2", "3"]


def test_a_file_that_is_no_whole_number_of_records_is_refused() -> None:
    raw = record("1", "张三", "1.00") * 2
    assert refusal(raw + b"1", line_end="none") == "清册.txt:3 the file is no multiple of 24 bytes"
    assert refusal(raw[:-1], line_end="none") == "清册.txt:2 the file is no multiple of 24 bytes"


def test_a_file_of_another_record_length_is_refused_as_a_whole() -> None:
    assert refusal(b"123456\n1234567\n") == "清册.txt:1 no record has 24 bytes"


@pytest.mark.parametrize("line_end", ["newline", "none"])
def test_utf8_declared_as_gb18030_is_refused(line_end: str) -> None:
    """Two of its characters of three bytes are three others of two: every field could seem whole."""
    raw = b"1     --" + "常宁".encode() + b"  " + b"    1.00" + b"\n" * (line_end == "newline")
    assert refusal(raw * 10, line_end=line_end) == "清册.txt:1 it is declared as GB18030 and is UTF-8"


def test_a_column_that_the_layout_does_not_have_is_refused() -> None:
    assert refusal(b"", fields=FIELDS[:2]) == "清册.txt:1 the layout has no field 金额"


TOTALS = {"rows": Span(start=9, length=8), "sums": {"c2": Span(start=17, length=8)}, "mark": "HZ"}


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("cut", [1, 17, 1000])
def test_the_files_own_totals_are_declared_and_no_record(end: bytes, cut: int) -> None:
    body = [record("1", "张三", "1.00"), record("2", "李四", "2.50")]
    totals = record("HZ", "00000002", "3.50")
    how = {"line_end": "newline" if end else "none", "cut": cut}
    first = read(end.join([totals, *body]) + end, totals=TotalsRecord(record="first", **TOTALS), **how)
    last = read(end.join([*body, totals]) + end, totals=TotalsRecord(record="last", **TOTALS), **how)
    assert first.declared == last.declared == Declared(rows=2, sums=(("c2", 350),))
    assert (list(first.rows), list(last.rows)) == (["2", "3"], ["1", "2"])


def test_totals_that_are_not_exact_refuse_the_file() -> None:
    totals = TotalsRecord(record="first", **TOTALS)
    said = "清册.txt:1 byte 9 and on of the totals record is no number"
    assert refusal(record("HZ", "二", "3.50") + b"\n", totals=totals) == said
    said = "清册.txt:1 the totals record does not begin with its mark"
    assert refusal(record("TZ", "2", "3.50") + b"\n", totals=totals) == said
    assert refusal(b"", totals=totals) == said


def test_totals_of_a_field_that_is_no_money_are_a_fault_of_the_configuration() -> None:
    totals = TotalsRecord(rows=Span(start=9, length=8), sums={"c0": Span(start=17, length=8)})
    with pytest.raises(ConfigInvalid):
        read(record("HZ", "2", "3.50") + b"\n", totals=totals)


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "a", "length": 25}],
        [{"name": "a", "length": 5}, {"name": "b", "start": 5, "length": 5}],
        [{"name": "a", "length": 5}, {"name": "a", "length": 5}],
        [{"name": "a", "start": 0, "length": 5}],
        [],
    ],
)
def test_a_layout_that_does_not_fit_is_refused(fields: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        Fixed.model_validate({"kind": "fixed", "record_bytes": BYTES, "fields": fields})
