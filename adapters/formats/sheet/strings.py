"""The sizes of an xls workbook's shared texts ([MS-XLS] 2.4.265), without the texts.

The reader gives every cell its own copy, so one long text that many cells share would take all memory.
"""

from __future__ import annotations

import struct
from array import array

from adapters.formats.sheet.faults import SheetError

MOST_TEXT = 96 << 20
"""Bytes of text in all cells of a sheet together."""

_WIDEST = 3  # bytes of UTF-8 for one UTF-16 unit
_WIDE, _EXTENDED, _RICH = 1, 4, 8


def text_sizes(parts: list[bytes]) -> array[int]:
    """The most bytes that each text can take. `parts`: the table's record and its continuations.

    Raises: struct.error, IndexError: the table is damaged.
    """
    count, walk, sizes = struct.unpack_from("<I", parts[0], 4)[0], _Walk(parts), array("q")
    walk.at = 8
    for _ in range(count):
        sizes.append(walk.text() * _WIDEST)
    return sizes


def too_much_text() -> SheetError:
    """The refusal, for either kind of workbook."""
    zh, en = "单元格文字过多,请拆分或改交文本文件", "too much text in the cells: split it, or deliver it as text"
    return SheetError(zh=zh, en=en)


class _Walk:
    """A place in the table; only characters and what follows them go on in the next part, never a text's header."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts
        self._part = 0
        self.at = 0

    def text(self) -> int:
        """Pass over one text; how many characters it has."""
        if self.at >= len(self._parts[self._part]):
            self._next(0)
        units, flags = struct.unpack_from("<HB", self._parts[self._part], self.at)
        self.at += 3
        behind = 4 * self._number("<H") if flags & _RICH else 0
        behind += self._number("<I") if flags & _EXTENDED else 0
        self._characters(units, 2 if flags & _WIDE else 1)
        self._skip(behind)
        return int(units)

    def _number(self, form: str) -> int:
        number: int = struct.unpack_from(form, self._parts[self._part], self.at)[0]
        self.at += struct.calcsize(form)
        return number

    def _characters(self, units: int, width: int) -> None:
        while units:
            taken = min(units, (len(self._parts[self._part]) - self.at) // width)
            self.at += taken * width
            units -= taken
            if units:
                self._next(1)
                width = 2 if self._parts[self._part][0] & _WIDE else 1

    def _skip(self, size: int) -> None:
        while size:
            taken = min(size, len(self._parts[self._part]) - self.at)
            self.at += taken
            size -= taken
            if size:
                self._next(0)

    def _next(self, at: int) -> None:
        self._part += 1
        self.at = at
        if self._part >= len(self._parts):
            raise IndexError(self._part)
