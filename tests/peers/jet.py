"""A real Access file (JET4), and copies of it changed byte by byte: no free program writes one.

The file's only table of its own, `merchant_taylors`, is also read here straight from its pages, by the format's layout
and without mdbtools, so that what mdbtools says can be compared with something else.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import ROOT

SAMPLE = ROOT / ".cache" / "access" / "test.mdb"
TABLE = "merchant_taylors"
COLUMNS = (
    "Id No", "Surname", "Forenames", "How Admitted", "Forenames_Master_or_Father", "Surname_Master_or_Father", "Notes",
    "Date of order of Court", "Freedom", "Livery", "Remarks", "Source Ref",
)  # fmt: skip
BOOLEAN, CURRENCY, SINGLE, DOUBLE, DATE_TIME, BINARY, TEXT, OLE, MEMO, GUID, DECIMAL = (
    1, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16,
)  # fmt: skip
_PAGE, _DEFINITION, _ENTRY, _NAMES = 4096, 15, 25, 63
_FIXED = ("Id No", "Date of order of Court", "Freedom", "Livery")
Cell = int | str | float | None


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where something lies in the file."""

    start: int
    end: int


class Jet:
    """The sample's bytes; every change is one that Access itself could have written, except where a name says so."""

    def __init__(self) -> None:
        if not SAMPLE.is_file():
            raise RuntimeError("no sample file: run scripts/peers.sh (make test does)")
        self.data = bytearray(SAMPLE.read_bytes())

    def write(self, path: Path) -> Path:
        path.write_bytes(self.data)
        return path

    def rows(self) -> list[Span]:
        """In the order of the file."""
        return [row for page in self._pages() for row in self._rows_of(page)]

    def cell(self, row: Span, name: str) -> Cell:
        """As the page holds it; a date is its number of days."""
        span = self.span(row, name)
        if span is None:
            return None
        raw = bytes(self.data[span.start : span.end])
        if name == "Id No":
            return struct.unpack("<i", raw)[0]
        if name in _FIXED:
            return struct.unpack("<d", raw)[0]
        return raw[2:].decode("latin-1") if raw.startswith(b"\xff\xfe") else raw.decode("utf-16-le")

    def span(self, row: Span, name: str) -> Span | None:
        """Where a cell's bytes are; None where it is null."""
        at, bit = self._null(row, name)
        if not self.data[at] & bit:
            return None
        if name in _FIXED:
            start = row.start + 2 + self._short(self._entry(name) + 21)
            return Span(start=start, end=start + (4 if name == "Id No" else 8))
        number = self._short(self._entry(name) + 7)
        table = row.end - 2 - 2  # before the null mask of 12 columns: how many cells of variable length, then where
        first, after = (self._short(table - 2 * (number + step)) for step in (1, 2))
        return Span(start=row.start + first, end=row.start + after)

    def put(self, row: Span, name: str, raw: bytes) -> None:
        """Other bytes in a cell, as many as are there."""
        span = self.span(row, name)
        if span is None or span.end - span.start != len(raw):
            raise ValueError("a cell keeps its length")
        self.data[span.start : span.end] = raw

    def clear(self, row: Span, name: str) -> None:
        at, bit = self._null(row, name)
        self.data[at] &= ~bit

    def delete(self, row: Span) -> None:
        """As Access does: the row is marked, its bytes stay, and the header counts one less."""
        page = row.start // _PAGE * _PAGE
        for at in range(page + 14, page + 14 + 2 * self._short(page + 12), 2):
            if self._short(at) == row.start - page:
                self.data[at + 1] |= 0x40
        self.count(struct.unpack_from("<I", self.data, _DEFINITION * _PAGE + 16)[0] - 1)

    def retype(self, name: str, kind: int, *, places: tuple[int, int] = (0, 0)) -> None:
        """`places` are digits in all and after the point, of a DECIMAL."""
        entry = self._entry(name)
        self.data[entry] = kind
        if kind == DECIMAL:
            self.data[entry + 11 : entry + 13] = bytes(places)

    def rename(self, name: str, other: str) -> None:
        """`other` has as many letters."""
        old, new = name.encode("utf-16-le"), other.encode("utf-16-le")
        start = self.data.index(old, _DEFINITION * _PAGE, (_DEFINITION + 1) * _PAGE)
        self.data[start : start + len(old)] = new

    def count(self, rows: int) -> None:
        """What the table's header says of its rows, true or not."""
        struct.pack_into("<I", self.data, _DEFINITION * _PAGE + 16, rows)

    def grow(self, times: int) -> int:
        """Each page of rows so many times more, found through a usage map of its own; how many rows there are then."""
        pages = list(self._pages())
        first = len(self.data) // _PAGE
        copies = b"".join(bytes(self.data[page : page + _PAGE]) for page in pages)
        self.data += copies * times
        numbers = [page // _PAGE for page in pages] + list(range(first, first + len(pages) * times))
        self._map(numbers)
        rows = sum(len(self._rows_of(page)) for page in pages) * (times + 1)
        self.count(rows)
        return rows

    def _map(self, numbers: Sequence[int]) -> None:
        """A usage map of the second kind: pages that say, bit by bit, which pages are the table's."""
        bits = (_PAGE - 4) * 8
        maps = [bytearray(b"\x05\x01\0\0" + bytes(_PAGE - 4)) for _ in range(max(numbers) // bits + 1)]
        for number in numbers:
            maps[number // bits][4 + number % bits // 8] |= 1 << number % 8
        first = len(self.data) // _PAGE
        self.data += b"".join(maps)
        (where,) = struct.unpack_from("<I", self.data, _DEFINITION * _PAGE + 55)
        page, row = (where >> 8) * _PAGE, where & 0xFF
        start = page + (self._short(page + 14 + 2 * row) & 0x1FFF)
        body = b"\x01" + b"".join(struct.pack("<I", first + at) for at in range(len(maps)))
        self.data[start : start + 69] = body.ljust(69, b"\0")

    def _pages(self) -> list[int]:
        """Where the pages of rows of the table start."""
        return [
            at
            for at in range(0, len(self.data), _PAGE)
            if self.data[at] == 1 and struct.unpack_from("<I", self.data, at + 4)[0] == _DEFINITION
        ]

    def _rows_of(self, page: int) -> list[Span]:
        starts = [self._short(page + 14 + 2 * row) for row in range(self._short(page + 12))]
        ends = [_PAGE, *(start & 0x1FFF for start in starts)]
        return [
            Span(start=page + (start & 0x1FFF), end=page + end)
            for end, start in zip(ends, starts, strict=False)
            if not start & 0xC000
        ]

    def _entry(self, name: str) -> int:
        """Where the table's definition describes a column."""
        page = _DEFINITION * _PAGE
        indexes = struct.unpack_from("<I", self.data, page + 51)[0]
        return page + _NAMES + 12 * indexes + _ENTRY * COLUMNS.index(name)

    def _null(self, row: Span, name: str) -> tuple[int, int]:
        number = self._short(self._entry(name) + 5)
        return row.end - 2 + number // 8, 1 << number % 8

    def _short(self, at: int) -> int:
        return struct.unpack_from("<H", self.data, at)[0]
