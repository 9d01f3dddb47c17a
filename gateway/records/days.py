"""The proleptic Gregorian calendar for whole columns: which days exist, and their number.

Owns two formulas and the range of plausible days; the formulas are compared with `datetime` in the tests.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.records.reading import Mask

Ints = npt.NDArray[np.int32] | npt.NDArray[np.int64]

FIRST_YEAR, LAST_YEAR = 1800, 2199
"""A year outside is a slip of the pen, not a fact of a county's files."""

SPREADSHEET_ZERO = (1899, 12, 30)
"""Day 0 of Excel and Access: an empty cell that became a date."""

_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)


def valid_days(year: Ints, month: Ints, day: Ints) -> Mask:
    """Whether each (year, month, day) exists; any integers may be given."""
    in_year = (month >= 1) & (month <= 12)
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    length = _LENGTHS[np.where(in_year, month, 0)] + (leap & (month == 2))
    return in_year & (day >= 1) & (day <= length)


def day_numbers(year: Ints, month: Ints, day: Ints) -> npt.NDArray[np.int64]:
    """Days since 1970-01-01 of valid days, years counted from March so that leap days come last."""
    late = (np.asarray(month, np.int64) + 9) % 12
    years = np.asarray(year, np.int64) - (late >= 10)
    leaps = years // 4 - years // 100 + years // 400
    return years * 365 + leaps + (late * 306 + 5) // 10 + day - 1 - 719_468


def plausible(days: npt.NDArray[np.int64]) -> Mask:
    """Whether each day number lies in the years accepted, and is not the spreadsheet's zero."""
    return (days >= _FIRST) & (days <= _LAST) & (days != _ZERO)


def _number(year: int, month: int, day: int) -> int:
    return int(day_numbers(np.array([year]), np.array([month]), np.array([day]))[0])


_FIRST, _LAST, _ZERO = _number(FIRST_YEAR, 1, 1), _number(LAST_YEAR, 12, 31), _number(*SPREADSHEET_ZERO)
