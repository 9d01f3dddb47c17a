"""The streams of an OLE compound file ([MS-CFB]), as far as a workbook needs them.

Owns nothing but finding a stream by its name. Must never follow a chain further than the file has sectors.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from adapters.formats.sheet.faults import SheetError

_ENTRY = 128
_NO_SECTOR = 0xFFFFFFFA  # this and above: end of a chain, or no sector at all
_STREAM, _ROOT = 2, 5
Table = npt.NDArray[np.uint32]


class Compound:
    """A compound file in memory. Raises: SheetError: it is damaged."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._open()
        except (struct.error, IndexError, ValueError):
            raise _damaged() from None

    @property
    def names(self) -> frozenset[str]:
        """The streams' names, wherever they lie."""
        return frozenset(self._entries)

    def stream(self, name: str) -> bytes:
        """The bytes of one. Raises: KeyError; SheetError: it is damaged."""
        start, size = self._entries[name]
        try:
            if size >= self._cutoff:
                return self._sectors(start)[:size]
            mini = self._sectors(self._root[0])[: self._root[1]]
            table = np.frombuffer(self._sectors(self._mini_fat), "<u4")
            width = self._mini_width
            return b"".join(mini[n * width : (n + 1) * width] for n in _chain(table, start))[:size]
        except (IndexError, ValueError):
            raise _damaged() from None

    def _open(self) -> None:
        """The sector widths, the table of chains, and the directory."""
        shift, mini_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("not a sector width of this format")
        self._width, self._mini_width = 1 << shift, 1 << mini_shift
        directory, _, self._cutoff, self._mini_fat, _, more, _ = struct.unpack_from("<7I", self._data, 48)
        self._fat = self._table(more)
        self._entries: dict[str, tuple[int, int]] = {}
        self._root = (_NO_SECTOR, 0)
        raw = self._sectors(directory)
        for at in range(0, len(raw) - _ENTRY + 1, _ENTRY):
            self._add(raw[at : at + _ENTRY])

    def _table(self, more: int) -> Table:
        """Which sector follows which: the sectors named in the header, then those in its chained continuation."""
        named = list(struct.unpack_from("<109I", self._data, 76))
        seen = 0
        while more < _NO_SECTOR and seen * self._width <= len(self._data):
            numbers = np.frombuffer(self._at(more), "<u4").tolist()
            named, more, seen = named + numbers[:-1], numbers[-1], seen + 1
        return np.frombuffer(b"".join(self._at(n) for n in named if n < _NO_SECTOR), "<u4")

    def _at(self, sector: int) -> bytes:
        start = (sector + 1) * self._width
        if start >= len(self._data):
            raise IndexError(sector)
        return self._data[start : start + self._width]

    def _sectors(self, start: int) -> bytes:
        return b"".join(self._at(n) for n in _chain(self._fat, start))

    def _add(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if kind == _ROOT:
            self._root = (start, size)
        elif kind == _STREAM:
            self._entries.setdefault(entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace"), (start, size))


def _chain(table: Table, start: int) -> list[int]:
    found: list[int] = []
    while start < _NO_SECTOR:
        if len(found) > len(table):
            raise ValueError("a chain without an end")
        found.append(start)
        start = int(table[start])
    return found


def _damaged() -> SheetError:
    return SheetError(zh="xls 文件已损坏,请重新导出", en="the xls file is damaged: export it again")
