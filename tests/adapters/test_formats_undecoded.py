"""GB18030 split before it is decoded: the same as decoding first, whatever the bytes, and really done where it can."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.charset import Charset
from adapters.formats.delimited import undecoded
from adapters.formats.delimited.layout import Layout
from adapters.formats.delimited.lines import Block
from adapters.formats.delimited.splitting import decode, parse, split
from adapters.formats.parsed import Parsed

# Characters that end with a delimiter's byte, of four bytes, halves of characters, and bytes that are none.
PIECES = st.sampled_from(
    [
        *(
            "a",
            "|",
            "||",
            "!",
            "|!",
            "億!",
            "~",
            "A",
            "@",
            "億",
            "墊",
            "弢",
            "亅",
            "王芳",
            "𠮷",
            "\ue000",
            "ḿ",
            "0",
            "\x1f",
            " ",
            "",
        ),
        *(b"\x81", b"\xfe", b"\xff", b"\x80", b"\x81\x30", b"\x81\x30\x81", b"\xef\xbb\xbf", b"\xa8\xbf", b"\r", b"\n"),
    ]
).map(lambda piece: piece.encode("gb18030") if isinstance(piece, str) else piece)
LINE = st.lists(PIECES, max_size=8).map(b"".join) | st.binary(max_size=12)
WHOLE = st.lists(LINE, max_size=6).map(lambda lines: b"".join(line + b"\n" for line in lines))


def layout(delimiter: str = "|") -> Layout:
    return Layout(charset=Charset(encoding="gb18030"), delimiter=delimiter, titles=("甲", "乙"), picks=(1, 0))


def told(parsed: Parsed) -> tuple[list[int], list[list[str]], list[tuple[int, str]]]:
    return parsed.lines.tolist(), [column.to_pylist() for column in parsed.columns], parsed.faulty


@settings(max_examples=600)
@given(WHOLE, st.sampled_from(["|", "~", "A", "@", ",", "\t", "0", "，", "|!", "||", "!|", "|0", "a|"]))
def test_the_outcome_is_that_of_decoding_first_whatever_the_bytes(raw: bytes, delimiter: str) -> None:
    block, how = Block.of(raw, 1), layout(delimiter)
    assert told(parse(block, how)) == told(split(decode(block, how), how))


@pytest.mark.parametrize(
    "line", ["王芳|1", "億|弢", "億億|亅a", "|", "1|", "a億|𠮷弢", "ḿ|\ue000"], ids=lambda line: ascii(line)
)
def test_sound_lines_are_split_before_they_are_decoded(line: str) -> None:
    raw = f"{line}\nx|y\n".encode("gb18030")
    found = undecoded.table(raw, 2, layout())
    assert found is not None
    assert [list(row.values()) for row in found.to_pylist()] == [line.split("|"), ["x", "y"]]


@pytest.mark.parametrize(
    "raw",
    [b"", b"a|b\n\n", b"a\n", b"a|b|c\n", b"a|\xff\n", b"a|\x81\n", b"\xef\xbb\xbf|b\n", b"a\r|b\n", b"\x81|b\n"],
)
def test_what_is_not_plain_is_left_to_decoding(raw: bytes) -> None:
    assert undecoded.table(raw, raw.count(b"\n"), layout()) is None


def test_a_run_of_high_bytes_without_end_is_left_to_decoding() -> None:
    raw = "王".encode("gb18030") * 4_000 + b"|b\n"
    assert undecoded.table(raw, 1, layout()) is None
    assert told(parse(Block.of(raw, 1), layout())) == ([1], [["b"], ["王" * 4_000]], [])
