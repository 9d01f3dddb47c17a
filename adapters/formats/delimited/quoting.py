"""Records with quoted fields (RFC 4180): delimiters and line breaks inside a field, a doubled quote for a quote.

Owns where a quoted record ends. A record that breaks the grammar is a fault at its first line, and reading goes on with
the next line: a torn quote costs one record, never the rest of the file. Must never take a quote in the middle of a
field for text, as lenient readers do: it is the sign of a torn one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from adapters.contract import Fault
from adapters.formats.delimited.layout import UNIT, Layout
from adapters.formats.delimited.lines import LONGEST_LINE, Block
from adapters.formats.delimited.splitting import Records, decode, separated, split
from adapters.formats.parsed import Numbers, Parsed
from adapters.formats.summary import is_summary

MOST_LINES = 64
"""Lines that one record may fill; where its quote has not closed by then, it never will."""

_FEED, _RETURN = 10, 13


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The grammar of a whole record in UTF-8, its delimiter already one byte."""

    record: re.Pattern[bytes]
    field: re.Pattern[bytes]

    @classmethod
    def of(cls, layout: Layout) -> Grammar:
        quote, cut = re.escape(layout.quote or "").encode(), re.escape(layout.separator).encode()
        quoted = b"%b(?:[^%b]|%b%b)*+%b" % (quote, quote, quote, quote, quote)
        any_field = b"(?:%b|[^%b%b\r\n]*+)" % (quoted, quote, cut)
        fields = b"%b(?:%b%b){%d}" % (any_field, cut, any_field, len(layout.names) - 1)
        return cls(record=re.compile(fields), field=re.compile(any_field))


def parse_quoted(blocks: Iterable[Block], layout: Layout) -> Iterator[Parsed]:
    """What `splitting.parse` does, over blocks whose records may go on in the next one."""
    grammar, held = Grammar.of(layout), Block(first=1, raw=b"", lines=0)
    for block in blocks:
        whole = block
        if held.raw:
            whole = Block(first=held.first, raw=held.raw + block.raw, lines=held.lines + block.lines)
        parsed, held = _parse(whole, layout, grammar)
        yield parsed
    yield split(_walked(held, layout, grammar, _More.NOTHING)[0], layout)


def cells(line: str, layout: Layout) -> list[str] | None:
    """The fields of one line alone, without their quotes; None where it breaks the grammar."""
    quote = layout.quote or ""
    data = separated(line.encode(), layout).decode()
    cut = re.escape(layout.separator)
    pattern = re.compile(rf"{quote}(?:[^{quote}]|{quote}{quote})*+{quote}|[^{quote}{cut}]*+")
    found, at = [], 0
    while (match := pattern.match(data, at)) is not None:
        text = match[0]
        found.append(text[1:-1].replace(quote * 2, quote) if text.startswith(quote) else text)
        at = match.end() + 1
        if match.end() == len(data):
            return found
        if data[match.end()] != layout.separator:
            return None
    return None


def _parse(block: Block, layout: Layout, grammar: Grammar) -> tuple[Parsed, Block]:
    """The block's whole records at once if each of them is sound, otherwise one by one; and what is still open."""
    quote = (layout.quote or "").encode()
    if quote not in block.raw:
        return split(decode(block, layout), layout), Block(first=block.first + block.lines, raw=b"", lines=0)
    sound = _sound(block, layout, quote)
    if sound is not None:
        parsed = split(sound.records, layout)
        if not parsed.faulty:
            return parsed, sound.rest
    records, rest = _walked(block, layout, grammar, _More.FILE)
    return split(records, layout), rest


@dataclass(frozen=True, kw_only=True)
class _Sound:
    records: Records
    rest: Block


def _sound(block: Block, layout: Layout, quote: bytes) -> _Sound | None:
    """All records that end in the block, when quotes stand only where the grammar lets them; otherwise None."""
    raw = np.frombuffer(block.raw, np.uint8)
    feeds = np.flatnonzero(raw == _FEED)
    ends = np.flatnonzero(np.isin(feeds, _outside(raw, feeds, quote)))  # lines at whose end no quote is open
    if not len(ends) or np.diff(ends, prepend=-1).max() > MOST_LINES:
        return None
    cut = int(feeds[ends[-1]]) + 1
    if np.diff(feeds[ends], prepend=-1).max() > LONGEST_LINE:
        return None
    data = _text(block.raw[:cut], layout)
    if data is None or not _obeys(np.frombuffer(data, np.uint8), layout, quote):
        return None
    lines = int(ends[-1]) + 1
    numbers = block.first + np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    rest = Block(first=block.first + lines, raw=block.raw[cut:], lines=block.lines - lines)
    return _Sound(records=Records(data=data, numbers=numbers), rest=rest)


def _outside(data: npt.NDArray[np.uint8], places: Numbers, quote: bytes) -> Numbers:
    """Those of the places before which an even number of quotes stands."""
    return places[np.searchsorted(np.flatnonzero(data == quote[0]), places) % 2 == 0]


def _text(raw: bytes, layout: Layout) -> bytes | None:
    try:
        data = layout.charset.utf8(raw)
    except UnicodeDecodeError:
        return None
    if layout.replaces and UNIT.encode() in data:
        return None
    return separated(data, layout)


def _obeys(data: npt.NDArray[np.uint8], layout: Layout, quote: bytes) -> bool:
    """Every opening quote after a delimiter, a line's end or a quote, every closing one before; no line blank; no CR
    outside quotes but in the end of a line. The data ends with a line feed outside quotes.
    """
    around = np.array([ord(layout.separator), _FEED, quote[0]], np.uint8)
    quotes = np.flatnonzero(data == quote[0])
    before = np.where(quotes[::2] == 0, _FEED, data[quotes[::2] - 1])
    after = data[quotes[1::2] + 1]
    closing = np.append(around, np.uint8(_RETURN))
    if not (np.isin(before, around).all() and np.isin(after, closing).all()):
        return False
    ends = data == _FEED
    returns = _outside(data, np.flatnonzero(data == _RETURN), quote)
    feeds = _outside(data, np.flatnonzero(ends), quote)
    blank = np.diff(feeds, prepend=-1) - np.isin(feeds - 1, returns) < 2
    return bool(ends[returns + 1].all() and not blank.any())


class _More(Enum):
    """What follows a block."""

    FILE = "file"
    NOTHING = "nothing"


@dataclass(kw_only=True)
class _Walk:
    """Record by record, for a block in which one is torn."""

    layout: Layout
    grammar: Grammar
    lines: list[bytes]
    first: int
    data: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faulty: list[tuple[int, Fault]] = field(default_factory=list)

    def through(self, more: _More) -> int:
        """Take all records but one that may still close; returns how many lines were taken."""
        at = 0
        while at < len(self.lines):
            upto = self._closed(at)
            if upto is None and more is _More.FILE and _may_close(self.lines[at:]):
                break
            at = self._take(at, upto or at + 1)
        return at

    def records(self) -> Records:
        return Records(data=b"".join(self.data), numbers=np.array(self.numbers, np.int64), faulty=self.faulty)

    def _closed(self, at: int) -> int | None:
        """The line after the record that begins at `at`, by its quotes alone; None where they do not close in time."""
        quote, quotes, size = (self.layout.quote or "").encode(), 0, 0
        for upto, line in enumerate(self.lines[at : at + MOST_LINES], at + 1):
            quotes, size = quotes + line.count(quote), size + len(line) + 1
            if size > LONGEST_LINE:
                return None
            if quotes % 2 == 0:
                return upto
        return None

    def _take(self, at: int, upto: int) -> int:
        """One record, or the fault of its first line; returns where to go on."""
        raw = b"\n".join(self.lines[at:upto]).removesuffix(b"\r")
        if not raw:
            return upto
        data = _text(raw, self.layout)
        if data is not None and self.grammar.record.fullmatch(data):
            self.data.append(data + b"\n")
            self.numbers.append(self.first + at)
            return upto
        self._fault(at)
        return at + 1

    def _fault(self, at: int) -> None:
        try:
            data = separated(self.layout.charset.utf8(self.lines[at]), self.layout)
        except UnicodeDecodeError:
            self.faulty.append((self.first + at, Fault.ENCODING))
            return
        head = self.grammar.field.match(data)
        if not is_summary(head[0].decode().strip(self.layout.quote or "") if head else ""):
            self.faulty.append((self.first + at, Fault.LAYOUT))
        elif "summaries" not in self.layout.skip:
            self.faulty.append((self.first + at, Fault.SUMMARY))


def _walked(block: Block, layout: Layout, grammar: Grammar, more: _More) -> tuple[Records, Block]:
    """The block's records one by one, and the lines of one that may still close."""
    lines = block.raw.split(b"\n")[:-1]
    walk = _Walk(layout=layout, grammar=grammar, lines=lines, first=block.first)
    at = walk.through(more)
    rest = b"".join(line + b"\n" for line in lines[at:])
    return walk.records(), Block(first=block.first + at, raw=rest, lines=len(lines) - at)


def _may_close(lines: list[bytes]) -> bool:
    return len(lines) < MOST_LINES and sum(map(len, lines)) + len(lines) <= LONGEST_LINE
