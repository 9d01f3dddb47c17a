"""A byte stream cut into blocks of whole lines, each knowing the number of its first line in the file.

Owns line ends, the byte order mark and the DOS end-of-file mark. Must never decode (a line feed byte is a line feed in
GB18030 and UTF-8 alike, so lines can be cut before decoding; delimiters can not) and never hold more than a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapters.formats.charset import expect_encoding
from adapters.formats.refusal import Unreadable

BLOCK_BYTES = 1 << 20  # measured: as fast as four, and a tenth of the memory
LONGEST_LINE = 1 << 20

_CTRL_Z = b"\x1a"
_MARKS = {"utf-8": b"\xef\xbb\xbf", "gb18030": b"\x84\x31\x95\x33"}
_FOREIGN_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole lines, each ended by a line feed.

    Attributes:
        first: the number of the first one, counted from 1.
        lines: how many there are.
    """

    first: int
    raw: bytes
    lines: int

    @classmethod
    def of(cls, raw: bytes, first: int) -> Block:
        return cls(first=first, raw=raw, lines=raw.count(b"\n"))

    def pop_line(self) -> tuple[bytes, Block]:
        """The first line without its end, and the rest. The block is not empty."""
        end = self.raw.index(b"\n")
        rest = Block(first=self.first + 1, raw=self.raw[end + 1 :], lines=self.lines - 1)
        return self.raw[:end].removesuffix(b"\r"), rest


def blocks(chunks: Iterable[bytes], encoding: str, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Raises: Unreadable: another encoding's mark at the start, UTF-8 declared as GB18030, lines that end with CR alone
    (the classic Mac's), or a line longer than any record can be.
    """
    line, pending = 1, b""
    for chunk in _gathered(_without_mark(chunks, encoding), size):
        pending += chunk
        cut = pending.rfind(b"\n") + 1
        if cut:
            block = Block.of(pending[:cut], line)
            if line == 1:
                expect_encoding(block.raw, encoding)
            pending = pending[cut:]
            line += block.lines
            yield block
        if len(pending) > LONGEST_LINE:
            _expect_line_feeds(pending, line)
            raise Unreadable(place=line, zh="行过长,不是文本清册", en="the line is too long for a text file of records")
    last = pending.rstrip(_CTRL_Z)
    if last:
        _expect_line_feeds(last, line)
        if line == 1:
            expect_encoding(last, encoding)
        yield Block(first=line, raw=last + b"\n", lines=1)


class WithoutLast:
    """The same blocks but for the last line that is not blank, which is the file's own total.

    `line` and `number` hold that line once the iteration has ended; None when there was none.
    """

    def __init__(self, source: Iterator[Block]) -> None:
        self._source = source
        self.line: bytes | None = None
        self.number = 0

    def __iter__(self) -> Iterator[Block]:
        held = Block(first=1, raw=b"", lines=0)
        for block in self._source:
            first = held.first if held.raw else block.first
            whole = Block(first=first, raw=held.raw + block.raw, lines=held.lines + block.lines)
            body, held = _before_last(whole)
            if body.raw:
                yield body
        if held.raw.strip():
            self.line, self.number = held.pop_line()[0], held.first


def _before_last(block: Block) -> tuple[Block, Block]:
    """Everything before the last line that is not blank, and from it on."""
    start = block.raw.rfind(b"\n", 0, len(block.raw.rstrip(b"\r\n \t"))) + 1
    tail = Block.of(block.raw[start:], 0)
    body = Block(first=block.first, raw=block.raw[:start], lines=block.lines - tail.lines)
    return body, Block(first=block.first + body.lines, raw=tail.raw, lines=tail.lines)


def _expect_line_feeds(raw: bytes, line: int) -> None:
    """Of the end of a file, or of a line that does not end."""
    if line == 1 and b"\r" in raw.rstrip(b"\r\n"):
        zh, en = "行以单个回车(CR)结束,请改为换行(LF或CRLF)", "its lines end with CR alone: export it with LF or CRLF"
        raise Unreadable(place=1, zh=zh, en=en)


def _gathered(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Chunks joined until they are at least `size` long: a block costs a dozen calls however short it is."""
    parts: list[bytes] = []
    held = 0
    for chunk in chunks:
        parts.append(chunk)
        held += len(chunk)
        if held >= size:
            yield b"".join(parts)
            parts, held = [], 0
    yield b"".join(parts)


def _without_mark(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    head = b""
    remaining = iter(chunks)
    while len(head) < 4 and (chunk := next(remaining, None)) is not None:
        head += chunk
    own = _MARKS[encoding]
    if not head.startswith(own) and head.startswith(_FOREIGN_MARKS):
        raise Unreadable(place=1, zh="文件编码与登记的不符", en="the file is not in the declared encoding")
    yield head.removeprefix(own)
    yield from remaining
