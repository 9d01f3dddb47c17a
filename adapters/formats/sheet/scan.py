"""One pass over a sheet's XML for what the reader of values does not tell: flaws, and the extent of the cells.

Owns no value and parses no document: it looks for tags, in pieces of whole rows. Must never hold more than a piece.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from adapters.formats.sheet.faults import SheetError, cell_place, column_number
from adapters.formats.sheet.flaws import COLUMNS, Flaws, expect_area

_PIECE = 1 << 20
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>/])([^>]*)>")
_WITH_VALUE = re.compile(rb"""\sr=["']([A-Z]{1,3})([0-9]{1,7})["'][^>/]*>""")
_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_ERROR = re.compile(rb"""\st=["']e["']""")
_TEXT = re.compile(rb"""\st=["']str["']""")
_WITH_FORMULA = re.compile(rb"<(?:\w+:)?c(\s[^>]*)>\s*<(?:\w+:)?f[\s>/](.*?)</(?:\w+:)?c>", re.S)
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<]")
_EMPTY_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?/?>")


class Scan:
    """Raises: SheetError: the sheet is too large, or has cells without a place."""

    def __init__(self, *, uncalculated: bool) -> None:
        self._uncalculated = uncalculated
        self._places = array("q")
        self._bottom = 0
        self._right = 0

    def flaws(self, pieces: Iterable[bytes]) -> Flaws:
        """Read it all."""
        for piece in whole_rows(pieces):
            self._look(piece)
            expect_area(self._bottom, self._right)
        return Flaws(places=np.unique(np.array(self._places, np.int64)))

    def _look(self, piece: bytes) -> None:
        self._measure(piece)
        if b't="e"' in piece or b"t='e'" in piece:
            for cell in _CELL.finditer(piece):
                if _ERROR.search(cell[1]):
                    self._add(cell[1])
        if (b"<f" in piece or b":f" in piece) and _ANY_FORMULA.search(piece):
            for cell in _WITH_FORMULA.finditer(piece):
                if self._uncalculated or not _calculated(cell[1], cell[2]):
                    self._add(cell[1])

    def _measure(self, piece: bytes) -> None:
        plain = piece.count(b"<c ") + piece.count(b"<c>")
        if piece.count(b"<c r=") != plain and any(not _REFERENCE.search(cell[1]) for cell in _CELL.finditer(piece)):
            zh, en = "单元格没有坐标,请用 Excel 打开后另存为 xlsx", "cells without a place: open it and save it as xlsx"
            raise SheetError(zh=zh, en=en)
        found = _WITH_VALUE.findall(piece)
        if found:
            letters, rows = zip(*found, strict=True)
            self._right = max(self._right, *(column_number(one.decode()) + 1 for one in set(letters)))
            self._bottom = max(self._bottom, int(np.array(rows, "S7").astype(np.int64).max()))

    def _add(self, attributes: bytes) -> None:
        place = _REFERENCE.search(attributes)
        if place is not None:
            row, column = cell_place(place[1].decode())
            self._places.append(row * COLUMNS + column)


def _calculated(attributes: bytes, body: bytes) -> bool:
    """Whether the formula has its result; an empty one is a result of text alone."""
    return bool(_VALUE.search(body) or (_TEXT.search(attributes) and _EMPTY_VALUE.search(body)))


def whole_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes cut behind the end of a row."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            text = b"".join(held)
            cut = text.rfind(b"</row>") + 6
            if cut > 5:
                yield text[:cut]
                held = [text[cut:]]
                size = len(held[0])
    yield b"".join(held)
