"""The records of an xls workbook ([MS-XLS]) that tell what its cells' values do not: encryption, calendar, flaws.

Owns the walk over record headers. Must never read a value: that is the reader's work.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adapters.formats.sheet.faults import SheetError
from adapters.formats.sheet.flaws import COLUMNS, Flaws, expect_area
from adapters.formats.sheet.strings import MOST_TEXT, text_sizes, too_much_text

_BOF, _EOF, _FILEPASS, _CALENDAR, _SHEET = 0x0809, 0x000A, 0x002F, 0x0022, 0x0085
_STRINGS, _CONTINUE, _EXTENT, _SHARED = 0x00FC, 0x003C, 0x0200, 0x00FD
_FORMULA, _BOOL_OR_ERROR, _MANY = 0x0006, 0x0205, 0x00BD
_CELLS = frozenset({0x0203, 0x0204, 0x00FD, 0x00D6, 0x027E, _MANY, _BOOL_OR_ERROR, _FORMULA})
_BIFF8 = 0x0600
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_NO_NUMBER, _ERROR, _EMPTY = 0xFFFF, 2, 3  # a writer that cannot calculate leaves the last: it is not told from ""
_ON_LOAD = 0x0002  # the formula is to be calculated when the file is opened: what is cached is no result


@dataclass(frozen=True, kw_only=True)
class Globals:
    """What holds for the whole workbook.

    Attributes:
        sheets: by name, where its records begin.
        texts: the sizes of the texts that cells share.
    """

    from_1904: bool
    sheets: dict[str, int]
    texts: array[int]


def read_globals(stream: bytes) -> Globals:
    """Raises: SheetError: encrypted or damaged."""
    from_1904, sheets, version, behind = False, {}, 0, 0
    texts: list[bytes] = []
    for kind, at, size in _records(stream, 0):
        if kind == _BOF and not version:
            version = struct.unpack_from("<H", stream, at)[0]
        elif kind == _FILEPASS:
            raise locked()
        elif kind == _CALENDAR:
            from_1904 = stream[at : at + 2] == b"\x01\x00"
        elif kind == _STRINGS and struct.unpack_from("<I", stream, at + 4)[0] > len(stream):
            raise _damaged()  # the reader sets aside room for as many as are counted here
        elif kind == _STRINGS or (kind == _CONTINUE and texts and behind in (_STRINGS, _CONTINUE)):
            texts.append(stream[at : at + size])
        elif kind == _SHEET:
            sheets[_name(stream[at + 6 : at + size], version)] = struct.unpack_from("<I", stream, at)[0]
        behind = kind
    return Globals(from_1904=from_1904, sheets=sheets, texts=text_sizes(texts) if texts else array("q"))


def read_flaws(stream: bytes, start: int, texts: array[int]) -> Flaws:
    """The flaws of the sheet whose records begin there. Raises: SheetError: damaged, or too large."""
    held = 0
    places = array("q")
    bottom = right = -1
    for kind, at, size in _records(stream, start):
        if kind == _EXTENT:
            _expect_extent(stream[at : at + size])
        if kind not in _CELLS:
            continue
        row, column = struct.unpack_from("<HH", stream, at)
        if kind == _SHARED:
            held += texts[struct.unpack_from("<I", stream, at + 6)[0]]
            if held > MOST_TEXT:
                raise too_much_text()
        if _flawed(kind, stream, at):
            places.append(row * COLUMNS + column)
        last = struct.unpack_from("<H", stream, at + size - 2)[0] if kind == _MANY else column
        bottom, right = max(bottom, row), max(right, last)
    expect_area(bottom + 1, right + 1)
    return Flaws(places=np.sort(np.array(places, np.int64)))


def _expect_extent(told: bytes) -> None:
    """Raises: SheetError: the sheet claims more than an xls can hold, for which the reader would set aside room."""
    rows = struct.unpack_from("<II", told) if len(told) >= 14 else struct.unpack_from("<HH", told)
    columns = struct.unpack_from("<HH", told, 8 if len(told) >= 14 else 4)
    if not rows[0] <= rows[1] <= _MOST_ROWS or not columns[0] <= columns[1] <= _MOST_COLUMNS:
        raise _damaged()


def locked() -> SheetError:
    """The refusal of a workbook that asks for a password."""
    zh, en = "工作簿设有密码,请取消密码后重新交换", "the workbook has a password: remove it and deliver again"
    return SheetError(zh=zh, en=en)


def _flawed(kind: int, stream: bytes, at: int) -> bool:
    if kind == _BOOL_OR_ERROR:
        return stream[at + 7] == 1
    if kind != _FORMULA:
        return False
    told, mark, options = struct.unpack_from("<B5xHH", stream, at + 6)
    return bool(options & _ON_LOAD) or (mark == _NO_NUMBER and told in (_ERROR, _EMPTY))


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and size of each record of one part; those of charts within it are passed over."""
    depth, at = 0, start
    try:
        while True:
            kind, size = struct.unpack_from("<HH", stream, at)
            if at + 4 + size > len(stream):
                raise _damaged()
            depth += (kind == _BOF) - (kind == _EOF)
            if depth <= 0:
                return
            if depth == 1:
                yield kind, at + 4, size
            at += 4 + size
    except (struct.error, IndexError):
        raise _damaged() from None


def _damaged() -> SheetError:
    return SheetError(zh="xls 文件已损坏,请重新导出", en="the xls file is damaged: export it again")


def _name(raw: bytes, version: int) -> str:
    """A sheet's name: its length, then UTF-16 or its low bytes alone; before BIFF8 in the writer's code page."""
    if version < _BIFF8:
        return raw[1 : 1 + raw[0]].decode("gb18030", "replace")
    return raw[2 : 2 + raw[0] * 2].decode("utf-16-le") if raw[1] & 1 else raw[2 : 2 + raw[0]].decode("latin-1")
