"""Bytes to columns: the same as decoding and splitting line by line, however the bytes are cut; nothing dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Fault
from adapters.sftp.delimited import Layout, Parsed, parse
from adapters.sftp.lines import LONGEST_LINE, Block, LineError, WithoutLast, blocks

ENDS_WITH_BAR = "億墊弢亅"  # each ends with the byte of | in GBK
FIELD = st.text(st.characters(codec="gb18030", exclude_characters="|\r\n\x1f\x1a")) | st.sampled_from(ENDS_WITH_BAR)
ROWS = st.lists(st.lists(FIELD, min_size=3, max_size=3), max_size=30)


def layout(width: int = 3, delimiter: str = "|", encoding: str = "gb18030") -> Layout:
    return Layout(encoding=encoding, delimiter=delimiter, width=width, picks=tuple(range(width)))


def everything(raw: bytes, how: Layout, cut: int = 7, size: int = 16) -> list[Parsed]:
    chunks = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    return [parse(block, how) for block in blocks(chunks, how.encoding, size)]


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


@given(LINES.filter(lambda raw: not raw.startswith(MARKS)), st.integers(1, 40))
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
    with pytest.raises(LineError):
        everything(mark + b"a|b|c\n", layout())


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(LineError):
        list(blocks((b"x" * 65_536 for _ in range(1000)), "gb18030"))
    assert list(blocks([b"x" * LONGEST_LINE], "gb18030"))


@given(ROWS.filter(bool), st.integers(1, 40), st.sampled_from([b"", b"\n", b"\r\n\r\n", b"\n\x1a"]))
def test_the_last_line_is_held_back_wherever_the_blocks_are_cut(rows: list[list[str]], cut: int, tail: bytes) -> None:
    raw = "".join("|".join(row) + "\n" for row in rows).encode("gb18030") + "合计|3".encode("gb18030") + tail
    body = WithoutLast(blocks([raw[at : at + cut] for at in range(0, len(raw), cut)], "gb18030", 16))
    assert rows_in([parse(block, layout()) for block in body]) == {n: row for n, row in enumerate(rows, 1)}
    assert (body.line, body.number) == ("合计|3".encode("gb18030"), len(rows) + 1)


def test_a_block_gives_its_lines_one_by_one() -> None:
    line, rest = Block(first=4, raw=b"a\r\nb\n").pop_line()
    assert (line, rest) == (b"a", Block(first=5, raw=b"b\n"))
