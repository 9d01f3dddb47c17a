"""A column of cells as text for the checks, and the rows in which a spreadsheet has changed what was typed.

The stored value counts, not how it is shown: 35% is 0.35, 1.2E+04 is 12000. Text stays text, so `1,234.50` does.

* A number is its exact decimal text (`formats.doubles`). An identifier of more than 15 digits goes on as Excel shows
  it (4.30482195001010E+17), which the checks call by its name: 号码被Excel转为数值. Elsewhere such a number spoils its
  row.
* A date becomes `2018-01-01`, in a month field `2018-01`. A time of day, or a date or yes/no where an identifier
  should be (`3-1` typed as a code), spoils its row, and so does 1900-02-28, which the reader also gives for the 29th
  of February 1900 that Excel believes in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.formats.doubles import EXACT_DIGITS, Doubles, written
from adapters.formats.sheet.workbook import Cell
from gateway.records.types import Column, FieldType

_TEXT, _NUMBER, _YES_NO, _DAY, _MOMENT, _CLOCK = range(6)
_KINDS: dict[type, int] = {
    str: _TEXT,
    float: _NUMBER,
    int: _NUMBER,
    bool: _YES_NO,
    date: _DAY,
    datetime: _MOMENT,
    time: _CLOCK,
    timedelta: _CLOCK,
}
IDENTIFIERS = frozenset(
    {
        FieldType.CODE,
        FieldType.ID_NUMBER,
        FieldType.CREDIT_CODE,
        FieldType.ORGANIZATION_CODE,
        FieldType.REGION_CODE,
        FieldType.BANK_ACCOUNT,
        FieldType.PHONE,
    }
)
_CALENDAR = frozenset({FieldType.DATE, FieldType.MONTH})
_GHOST, _LAST_SERIAL = 60, 2_958_465  # 1900-02-29, which never was; 9999-12-31
_BEFORE_GHOST = date(1900, 2, 28)
_DAY_BEFORE_1900, _DAY_0_OF_1904 = np.datetime64("1899-12-31"), np.datetime64("1904-01-01")

Mask = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the workbook's cells are understood; `serials` and `codes` as in `config.Sheet`."""

    from_1904: bool
    serials: Literal["digits", "days"]
    codes: str | None


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Attributes:
    values: utf8; null where the cell is empty or changed.
    changed: the spreadsheet holds something else than was typed.
    """

    values: pa.Array
    changed: Mask


def texts(cells: Sequence[Cell], column: Column, reading: Reading) -> Texts:
    """One column of the feed."""
    kinds = np.fromiter(map(_KINDS.__getitem__, map(type, cells)), np.int8, len(cells))
    changed = np.zeros(len(cells), np.bool_)
    if kinds.any():
        values = np.empty(len(cells), object)
        values[:] = cells
        for kind in np.unique(kinds):
            at = kinds == kind
            values[at], changed[at] = _WRITERS[kind](values[at], column, reading)
        values[changed] = None
        text = pa.array(values, pa.utf8())
    else:
        text = pa.array(cells, pa.utf8())
    text = pc.if_else(pc.equal(text, ""), None, text)
    if reading.codes and column.type is FieldType.CODE:
        text = _codes(text, column.values, reading.codes)
    return Texts(values=text, changed=changed)


def strings(cells: Sequence[Cell]) -> pa.Array:
    """The cells that hold text; null for all others."""
    kinds = np.fromiter(map(_KINDS.__getitem__, map(type, cells)), np.int8, len(cells))
    if not kinds.any():
        return pa.array(cells, pa.utf8())
    out = np.empty(len(cells), object)
    out[:] = cells
    out[kinds != _TEXT] = None
    return pa.array(out, pa.utf8())


def plain(cell: Cell) -> str:
    """One cell of a heading or of the totals: its text without spaces around it, or its exact number; else nothing."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool) or not isinstance(cell, float | int):
        return ""
    return written(np.array([cell], np.float64)).texts[0].as_py() or ""


def _codes(text: pa.Array, values: tuple[str, ...], mark: str) -> pa.Array:
    """The code alone where a cell holds one of the list with the mark behind it; everything else as it stands."""
    for value in values:
        text = pc.if_else(pc.starts_with(text, value + mark), value, text)
    return text


def _text(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    return cells, False


def _number(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    numbers = cells.astype(np.float64)
    exact = written(numbers)
    out = exact.texts.to_numpy(zero_copy_only=False)
    lost = exact.lost
    if column.type in IDENTIFIERS:
        long = numbers >= 10.0**EXACT_DIGITS
        out[long] = np.char.mod("%.14E", numbers[long])
        lost = lost & ~long
    if column.type in _CALENDAR and reading.serials == "days":
        days = (numbers == np.trunc(numbers)) & (numbers >= 1) & (numbers <= _LAST_SERIAL)
        out[days] = [_fit(day, column) for day in _days(numbers[days], reading)]
    return out, lost


def _days(serials: Doubles, reading: Reading) -> list[str]:
    """Serial days as ISO dates; the ghost of 1900 keeps its name, which the checks refuse."""
    if reading.from_1904:
        return np.datetime_as_string(_DAY_0_OF_1904 + serials.astype("timedelta64[D]")).tolist()
    behind = (serials > _GHOST).astype(np.int64)
    found = np.datetime_as_string(_DAY_BEFORE_1900 + (serials.astype(np.int64) - behind).astype("timedelta64[D]"))
    return np.where(serials == _GHOST, "1900-02-29", found).tolist()


def _fit(day: str, column: Column) -> str:
    """A month field takes the first day of a month for that month."""
    return day[:7] if column.type is FieldType.MONTH and day.endswith("-01") else day


def _yes_no(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    words = np.where(cells.astype(np.bool_), "TRUE", "FALSE").astype(object)
    return words, column.type in IDENTIFIERS


def _day(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    iso = np.array([_fit(day.isoformat(), column) for day in cells], object)
    ghost = np.zeros(len(cells), np.bool_) if reading.from_1904 else (cells == _BEFORE_GHOST)
    return iso, column.type in IDENTIFIERS or ghost


def _moment(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    return np.array(list(map(str, cells)), object), column.type in IDENTIFIERS


def _clock(cells: Objects, column: Column, reading: Reading) -> tuple[Objects, bool | Mask]:
    return cells, True


_WRITERS: dict[int, Callable[[Objects, Column, Reading], tuple[Objects, bool | Mask]]] = {
    _TEXT: _text,
    _NUMBER: _number,
    _YES_NO: _yes_no,
    _DAY: _day,
    _MOMENT: _moment,
    _CLOCK: _clock,
}
