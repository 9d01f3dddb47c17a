"""Shifts: where a last day goes that is no working day.

Which of them a rule takes is the rule's to say. This file must never know a period or a cut-off.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from gateway.calendar.working_days import DayKind, WorkingDays

_DAY = timedelta(days=1)
_LONG_HOLIDAY = 3


class Shift(StrEnum):
    """Where a last day moves that is no working day."""

    NONE = "none"
    """Nowhere: the rule's day stands, whatever day it is."""
    NEXT_WORKDAY = "next_workday"
    """On, to the first working day (民法典 203(1))."""
    PREVIOUS_WORKDAY = "previous_workday"
    """Back, to the last working day; never into the period itself, there the named day stands."""
    HOLIDAY_ONLY = "holiday_only"
    """On from a named holiday to the first day that is none; ordinary weekends move nothing (统计:双休日除外)."""
    TAX_STYLE = "tax_style"
    """As `next_workday`; but where three or more holidays running lie within the time allowed, by their number of
    working days (税收征收管理法实施细则 109)."""


def shifted(shift: Shift, named: date, earliest: date, working: WorkingDays) -> date:
    """Where the last day `named` goes; `earliest` is the first day after the period."""
    match shift:
        case Shift.NONE:
            return named
        case Shift.NEXT_WORKDAY:
            return _workday_from(named, working)
        case Shift.PREVIOUS_WORKDAY:
            return _workday_back(named, earliest, working)
        case Shift.HOLIDAY_ONLY:
            return _holiday_over(named, working)
        case Shift.TAX_STYLE:
            holidays = _long_holidays(earliest, named, working)
            return workday_after(named, holidays, working) if holidays else _workday_from(named, working)


def _workday_from(day: date, working: WorkingDays) -> date:
    while not working.works(day):
        day += _DAY
    return day


def _workday_back(named: date, earliest: date, working: WorkingDays) -> date:
    day = named
    while day >= earliest:
        if working.works(day):
            return day
        day -= _DAY
    return named


def _holiday_over(day: date, working: WorkingDays) -> date:
    while working.kind(day) is DayKind.HOLIDAY:
        day += _DAY
    return day


def workday_after(day: date, count: int, working: WorkingDays) -> date:
    """The `count`-th working day after `day`."""
    for _ in range(count):
        day = _workday_from(day + _DAY, working)
    return day


def _long_holidays(first: date, last: date, working: WorkingDays) -> int:
    """How many days from `first` to `last` (included) are holidays, of those that come three or more running."""
    kinds = (working.kind(first + n * _DAY) for n in range((last - first).days + 1))
    runs = (len(list(run)) for kind, run in groupby(kinds) if kind is DayKind.HOLIDAY)
    return sum(length for length in runs if length >= _LONG_HOLIDAY)
