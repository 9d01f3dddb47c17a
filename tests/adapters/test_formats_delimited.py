"""Bytes to columns: the same as decoding and splitting line by line, however the bytes are cut; nothing dropped."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from adapters.contract import Declared, Fault
from adapters.formats import FileFormat, records
from adapters.formats.charset import Charset
from adapters.formats.delimited.config import Delimited, TotalsRow
from adapters.formats.delimited.layout import Layout
from adapters.formats.delimited.lines import LONGEST_LINE, Block, WithoutLast, blocks
from adapters.formats.delimited.quoting import MOST_LINES, parse_quoted
from adapters.formats.delimited.splitting import parse
from adapters.formats.parsed import Parsed
from adapters.formats.refusal import Unreadable
from adapters.formats.summary import is_summary
from gateway.errors import SourceMalformed
from gateway.records.check import Checker
from tests.adapters.held import MONEY, Found, Held, asking, found

ENDS_WITH_BAR = "億墊弢亅"  # each ends with the byte of | in GBK
FIELD = st.text(st.characters(codec="gb18030", exclude_characters="|\r\n\x1f\x1a")) | st.sampled_from(ENDS_WITH_BAR)
ROWS = st.lists(st.lists(FIELD, min_size=3, max_size=3), max_size=30)


TITLES = ("T-0", "T-1", "T-2")


def layout(delimiter: str = "|", encoding: Literal["gb18030", "utf-8"] = "gb18030") -> Layout:
    charset = Charset(encoding=encoding, private_use="keep")
    return Layout(charset=charset, delimiter=delimiter, titles=TITLES, picks=(0, 1, 2))


def everything(raw: bytes, how: Layout, cut: int = 7, size: int = 16) -> list[Parsed]:
    chunks = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    return [parse(block, how) for block in blocks(chunks, how.charset.encoding, size)]


def rows_in(parsed: list[Parsed]) -> dict[int, tuple[str, ...]]:
    return {
        int(line): row
        for part in parsed
        for line, *row in zip(part.lines, *(column.to_pylist() for column in part.columns), strict=True)
    }


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 40), st.sampled_from(["|", "|!", "，"]))
def test_every_record_is_read_as_it_was_written(
    rows: list[list[str]], end: str, ended: bool, cut: int, delimiter: str
) -> None:
    rows = [[field.replace("!", "").replace("，", "") for field in row] for row in rows]
    text = end.join(delimiter.join(row) for row in rows) + (end if ended and rows else "")
    found = rows_in(everything(text.encode("gb18030"), layout(delimiter=delimiter), cut))
    assert found == {number: row for number, row in enumerate(rows, 1)}


MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x84\x31\x95\x33")
LINES = st.lists(st.binary(max_size=20) | st.sampled_from([b"a|b|c", "億|墊|弢".encode("gb18030")])).map(b"\n".join)


def with_line_feeds(raw: bytes) -> bool:
    return b"\n" in raw or b"\r" not in raw.rstrip(b"\r")


@given(LINES.filter(lambda raw: not raw.startswith(MARKS)).filter(with_line_feeds), st.integers(1, 40))
def test_every_line_of_any_bytes_is_a_row_or_a_fault_or_blank(raw: bytes, cut: int) -> None:
    raw = raw.replace(b"\x1a", b"")
    parsed = everything(raw, layout(), cut)
    seen = sorted([*rows_in(parsed), *(line for part in parsed for line, _ in part.faulty)])
    lines = (raw + b"\n").replace(b"\r\n", b"\n").split(b"\n")
    assert seen == [number for number, line in enumerate(lines, 1) if line]


def test_records_that_cannot_be_read_are_named_by_line_and_reason() -> None:
    raw = b"a|b|c\na|b\na|b|c|d\n\nx|\x81\x0a|y\na|\xff|c\n" + "億|墊|亅\n".encode("gb18030") + b"a|b\rc|d\na|b|c"
    parsed = everything(raw, layout(), cut=1000, size=1000)
    assert rows_in(parsed) == {1: ["a", "b", "c"], 8: ["億", "墊", "亅"], 10: ["a", "b", "c"]}
    assert [fault for part in parsed for fault in part.faulty] == [
        (2, Fault.LAYOUT), (3, Fault.LAYOUT), (5, Fault.ENCODING), (6, Fault.LAYOUT), (7, Fault.ENCODING),
        (9, Fault.LAYOUT),
    ]  # fmt: skip


def test_a_unit_separator_in_the_text_is_never_taken_for_a_longer_delimiter() -> None:
    parsed = everything(b"a|!b|!c\na\x1fb|!c\n", layout(delimiter="|!"))
    assert rows_in(parsed) == {1: ["a", "b", "c"]}
    assert parsed[-1].faulty == [(2, Fault.LAYOUT)]


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b"\x1a", b"\n\x1a", b"\r\n\x1a\x1a", b"\n\n\n"])
def test_the_end_of_the_file_may_be_written_in_any_way(tail: bytes) -> None:
    assert rows_in(everything(b"a|b|c\nd|e|f" + tail, layout())) == {1: ["a", "b", "c"], 2: ["d", "e", "f"]}


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"\x84\x31\x95\x33", "gb18030")])
def test_an_encodings_own_mark_is_no_part_of_the_text(mark: bytes, encoding: str) -> None:
    assert rows_in(everything(mark + b"a|b|c", layout(encoding=encoding), cut=2)) == {1: ["a", "b", "c"]}


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_another_encodings_mark_refuses_the_file(mark: bytes) -> None:
    with pytest.raises(Unreadable):
        everything(mark + b"a|b|c\n", layout())


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(Unreadable):
        list(blocks((b"x" * 65_536 for _ in range(1000)), "gb18030"))
    assert list(blocks([b"x" * LONGEST_LINE], "gb18030"))


@given(ROWS.filter(bool), st.integers(1, 40), st.sampled_from([b"", b"\n", b"\r\n\r\n", b"\n\x1a"]))
def test_the_last_line_is_held_back_wherever_the_blocks_are_cut(rows: list[list[str]], cut: int, tail: bytes) -> None:
    raw = "".join("|".join(row) + "\n" for row in rows).encode("gb18030") + "合计|3".encode("gb18030") + tail
    body = WithoutLast(blocks([raw[at : at + cut] for at in range(0, len(raw), cut)], "gb18030", 16))
    assert rows_in([parse(block, layout()) for block in body]) == {n: row for n, row in enumerate(rows, 1)}
    assert (body.line, body.number) == ("合计|3".encode("gb18030"), len(rows) + 1)


def test_a_block_gives_its_lines_one_by_one() -> None:
    line, rest = Block.of(b"a\r\nb\n", 4).pop_line()
    assert (line, rest) == (b"a", Block(first=5, raw=b"b\n", lines=1))


HEAD = "姓名|证号|金额\n"
ASKED = ("姓名", "证号", MONEY)


def read(text: str | bytes, *, cut: int = 1 << 18, **how: Any) -> Found:
    raw = text if isinstance(text, bytes) else text.encode("gb18030")
    return found(Held(raw=raw, cut=cut), Delimited(**how), asking(*ASKED))


def refusal(text: str | bytes, **how: Any) -> str:
    with pytest.raises(SourceMalformed) as refused:
        read(text, **how)
    return f"{refused.value.facts['where']} {refused.value.facts['reason_en']}"


def test_a_table_with_titles_is_read_by_the_columns_own_names() -> None:
    got = read("金额|备注|姓名|证号\n1.00||张三|001\n2.50|x| 李四|002\n")
    assert got == Found(rows={"2": ("张三", "001", "1.00"), "3": (" 李四", "002", "2.50")}, faults={}, declared=None)


@pytest.mark.parametrize(
    "text", ["NA", "null", "NaN", "", "0012345", "1,234.50", '"', "'", "\\", "\0", "\x0b", "\ufeff", "#"]
)
def test_no_value_is_guessed_at(text: str) -> None:
    """Nor at the beginning of a block, where a reader would look for a byte order mark."""
    got = read(HEAD + f"{text}|a|b\n{text}|a|b\n")
    assert got.rows == {"2": (text, "a", "b"), "3": (text, "a", "b")}


@pytest.mark.parametrize("delimiter", ["|!", "||", "^|^", "，", "\t", ",", ";", "~", " ", "\x01", "\x1f"])
def test_delimiters_of_any_length_are_read(delimiter: str) -> None:
    got = read(f"亅{delimiter}1{delimiter}\n億{delimiter}2|\n", delimiter=delimiter, columns=ASKED)
    expected = {"1": ("亅", "1", "")}
    assert got.rows == expected
    assert got.faults == {"2": "layout"}


def test_totals_in_front_and_at_the_end_are_declared_and_no_records() -> None:
    body = "张三|1|1.00\n李四|2|2.50\n"
    totals = {"rows": 2, "sums": {"c2": 3}, "mark": "合计"}
    first = read("合计|2|3.50\n" + HEAD + body, totals=TotalsRow(line="first", **totals))
    last = read(HEAD + body + "合计|2|3.50\r\n\n", totals=TotalsRow(line="last", **totals))
    assert first.declared == last.declared == Declared(rows=2, sums=(("c2", 350),))
    assert list(first.rows) == ["3", "4"]
    assert list(last.rows) == ["2", "3"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("总数|2|3.50\n", "清册.txt:1 the totals line does not have its mark"),
        ("合计|二|3.50\n", "清册.txt:1 place 2 of the totals line is no number"),
        ("合计|2|3.505\n", "清册.txt:1 place 3 of the totals line is finer than a fen"),
        ("合计|2\n", "清册.txt:1 place 3 of the totals line is no number"),
    ],
)
def test_a_totals_line_that_is_not_exact_refuses_the_file(line: str, said: str) -> None:
    assert refusal(line + HEAD, totals=TotalsRow(rows=2, sums={"c2": 3}, mark="合计")) == said


def test_a_total_among_the_records_is_never_a_person() -> None:
    text = HEAD + "张三|1|1.00\n合 计||1.00\n小计：|2\n  总计|||\n李四|2|3.00\n本页合计||4.00\n合计生|5|6.00\n"
    got = read(text)
    assert got.rows == {"2": ("张三", "1", "1.00"), "6": ("李四", "2", "3.00"), "8": ("合计生", "5", "6.00")}
    assert got.faults == {"3": "summary", "4": "summary", "5": "summary", "7": "summary"}
    assert read(text, skip=("summaries",)).rows == got.rows
    assert read(text, skip=("summaries",)).faults == {}


def test_titles_that_come_again_are_no_person() -> None:
    text = HEAD + "张三|1|1.00\n" + HEAD + "李四|2|3.00\n姓名| 证号|金额\n姓名|x|金额\n"
    got = read(text)
    assert got.rows == {"2": ("张三", "1", "1.00"), "4": ("李四", "2", "3.00"), "6": ("姓名", "x", "金额")}
    assert got.faults == {"3": "layout", "5": "layout"}
    assert read(text, skip=("titles",)) == Found(rows=got.rows, faults={}, declared=None)
    assert read(HEAD, columns=ASKED).faults == {"1": "layout"}


def test_a_delimiter_at_the_end_of_each_line_has_to_be_declared() -> None:
    text = "姓名|证号|金额|\n张三|1|1.00|\n李四|2|2.00\n王五|3|3.00|x\n"
    got = read(text, line_end="delimiter")
    assert got == Found(rows={"2": ("张三", "1", "1.00")}, faults={"3": "layout", "4": "layout"}, declared=None)
    assert read(HEAD + text.partition("\n")[2]).rows == {"3": ("李四", "2", "2.00")}


def test_characters_that_end_with_the_delimiters_byte_stay_whole() -> None:
    assert "億|墊".encode("gb18030").count(b"|") == 3
    assert read(HEAD + "億|墊|1\n").rows == {"2": ("億", "墊", "1")}


def test_lost_bytes_cost_their_own_line_alone() -> None:
    """Half of 张 and the delimiter after it are one character together: then a field is missing."""
    raw = HEAD.encode("gbk") + b"\xd5|1|1.00\n" + "李四|2|2.00\n".encode("gbk") + b"\x80\xff|3|3\n"
    assert read(raw) == Found(rows={"3": ("李四", "2", "2.00")}, faults={"2": "layout", "4": "encoding"}, declared=None)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            "姓名|证号|金额\r张三|1|1.00\r".encode("gbk"),
            "清册.txt:1 its lines end with CR alone: export it with LF or CRLF",
        ),
        ((HEAD + "常宁市宜阳街道|1|1\n").encode(), "清册.txt:1 it is declared as GB18030 and is UTF-8"),
        (HEAD.encode("utf-8-sig"), "清册.txt:1 the file is not in the declared encoding"),
        (HEAD.encode("utf-16"), "清册.txt:1 the file is not in the declared encoding"),
        (b"", "清册.txt:1 the file ends before its heading lines"),
        ("姓名|金额\n".encode("gbk"), "清册.txt:1 the column 证号 stands there 0 times"),
        ("姓名|证号|证号|金额\n".encode("gbk"), "清册.txt:1 the column 证号 stands there 2 times"),
        (b"\xff\n", "清册.txt:1 it is not in the declared encoding"),
    ],
)
def test_a_file_that_is_not_what_was_declared_is_refused(raw: bytes, said: str) -> None:
    assert refusal(raw) == said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("cut", [1, 5, 1000])
def test_unicode_files_are_read_with_and_without_their_mark(encoding: str, cut: int) -> None:
    declared = "utf-16" if encoding == "utf-16" else "utf-8"
    got = read((HEAD + "𠮷|1|1\n").encode(encoding), encoding=declared, cut=cut)
    assert got.rows == {"2": ("𠮷", "1", "1")}


def test_private_use_is_read_as_declared() -> None:
    raw = HEAD.encode("gb18030") + b"\xfe\x51|\xaa\xa1|1\n"
    assert read(raw).rows == {"2": ("\U00020087", "\ue000", "1")}
    assert read(raw, private_use="keep").rows == {"2": ("\ue816", "\ue000", "1")}


QUOTED = st.text(st.sampled_from('ab張|"\n\r,'), max_size=6)


@given(
    st.lists(st.tuples(QUOTED, QUOTED, QUOTED), max_size=12),
    st.integers(1, 40),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_quoted_fields_hold_delimiters_quotes_and_line_breaks(
    rows: list[tuple[str, str, str]], cut: int, end: str, quoting: Literal[0, 1]
) -> None:
    """Written by Python's own csv module, which quotes no CR unless it quotes everything."""
    assume(quoting == csv.QUOTE_ALL or not any("\r" in field for row in rows for field in row))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="|", quoting=quoting, lineterminator=end).writerows([ASKED, *rows])
    got = read(written.getvalue(), quote='"', cut=cut)
    kept = [row for row in rows if row != ASKED and not is_summary(row[0])]
    assert list(got.rows.values()) == kept
    assert got.faults == {}


TORN_LINES = ("a|b|c", '"a"|"b"|c', '"a|b|c', 'a"|b|c', '"a\nb"|x|y', '""|""""|z', "", 'a|b|"')
TORN = st.lists(st.sampled_from(TORN_LINES), max_size=20)


@given(TORN, st.integers(1, 60), st.sampled_from(["\n", "\r\n"]))
def test_a_torn_quote_costs_the_same_lines_however_the_bytes_are_cut(lines: list[str], cut: int, end: str) -> None:
    text = end.join(lines) + end
    layout_ = replace(layout(), quote='"')
    whole = [part for part in parse_quoted(blocks([text.encode()], "gb18030"), layout_)]
    pieces = [text.encode()[at : at + cut] for at in range(0, len(text), cut)]
    parts = [part for part in parse_quoted(blocks(pieces, "gb18030", 8), layout_)]
    assert rows_in(parts) == rows_in(whole)
    assert sorted(f for p in parts for f in p.faulty) == sorted(f for p in whole for f in p.faulty)


def test_a_torn_quote_is_one_fault_and_the_rest_is_read() -> None:
    text = HEAD + '"张三|1|1.00\n李四|2|2.00\n"王五"|3|"3.00"\n赵"六"|4|4\n"钱\n七"|"5|"|5\n' + "孙八|6|6\n" * 200
    got = read(text, quote='"')
    assert got.faults == {"2": "layout", "5": "layout"}
    assert list(got.rows)[:4] == ["3", "4", "6", "8"]
    assert list(got.rows.values())[:3] == [("李四", "2", "2.00"), ("王五", "3", "3.00"), ("钱\n七", "5|", "5")]
    assert len(got.rows) == 203


def test_a_quote_that_never_closes_swallows_nothing() -> None:
    got = read(HEAD + '"张三|1|1.00\n' + "孙八|6|6\n" * (MOST_LINES * 2) + '合计|"2\n', quote='"')
    assert got.faults == {"2": "layout", str(MOST_LINES * 2 + 3): "summary"}
    assert len(got.rows) == MOST_LINES * 2


def test_quotes_mean_nothing_unless_they_are_declared() -> None:
    assert read(HEAD + '"张三"|"1|1\n').rows == {"2": ('"张三"', '"1', "1")}


def test_titles_and_totals_may_be_quoted() -> None:
    text = '"姓名"|"证号"|"金额"\n"a"|"b"|"1"\n"合计"|"1"|"1.00"\n'
    got = read(text, quote='"', totals=TotalsRow(line="last", rows=2, sums={"c2": 3}, mark="合计"))
    assert got == Found(rows={"2": ("a", "b", "1")}, faults={}, declared=Declared(rows=1, sums=(("c2", 100),)))
    assert refusal('"姓名|证号\n', quote='"') == "清册.txt:1 its quotes do not pair up"


def test_batches_hold_no_more_rows_than_asked_for() -> None:
    reading = records(Held(raw=("a|b|1\n" * 1000).encode()), Delimited(columns=ASKED), asking(*ASKED, batch_rows=300))
    assert [batch.num_rows for batch in reading] == [300, 300, 300, 100]


def test_a_total_among_the_records_goes_back_to_the_department_as_one() -> None:
    asked = asking(*ASKED)
    reading = records(Held(raw=(HEAD + "合计||1.00\n张三|1\n").encode("gbk")), Delimited(), asked)
    problems = Checker(asked.columns, salt=b"0" * 16).check(next(reading)).problems
    assert [(problem.position, problem.code) for problem in problems] == [("2", "YZ-3017"), ("3", "YZ-3002")]


def test_lines_of_one_field_may_be_blank_and_are_passed_over() -> None:
    got = found(Held(raw="姓名\n\n张三\n\n\n李四\n".encode("gbk")), Delimited(), asking("姓名"))
    assert got == Found(rows={"3": ("张三",), "6": ("李四",)}, faults={}, declared=None)


def test_an_end_mark_with_lines_after_it_is_a_fault() -> None:
    assert read(HEAD + "张三|1|1.00\n\x1a\r\n").faults == {"3": "layout"}


def test_nul_bytes_reach_the_checks_as_they_are() -> None:
    asked = asking(*ASKED)
    reading = records(Held(raw=HEAD.encode("gbk") + b"a\0|1|1.00\n"), Delimited(), asked)
    problems = Checker(asked.columns, salt=b"0" * 16).check(next(reading)).problems
    assert [(problem.position, problem.field, problem.code) for problem in problems] == [("2", "c0", "YZ-3012")]


@pytest.mark.parametrize(
    "how",
    [
        {"delimiter": ""},
        {"delimiter": "\n"},
        {"delimiter": "\x1f\x1f"},
        {"delimiter": '"', "quote": '"'},
        {"skip": ["blank"]},
        {"encoding": "gbk"},
        {"private_use": "guess"},
        {"totals": {"rows": 0}},
        {"delimeter": ","},
    ],
)
def test_a_layout_that_says_too_little_or_too_much_is_refused(how: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(FileFormat).validate_python({"kind": "delimited"} | how)


def test_the_kind_of_format_has_to_be_one_of_those_known() -> None:
    adapter: TypeAdapter[FileFormat] = TypeAdapter(FileFormat)
    assert adapter.validate_python({"kind": "delimited", "skip": ["titles"]}) == Delimited(skip=("titles",))
    for block in ({}, {"kind": "csv"}, {"kind": "fixed", "delimiter": ","}):
        with pytest.raises(ValidationError):
            adapter.validate_python(block)
