"""Cadences and periods: the stretch of days a batch is about, and its one written form.

A period always starts where its cadence says one starts, so the month of 15 October cannot be built. This file must
never know when a period is owed (that is `due.py`) nor read the clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from gateway.errors import PeriodInvalid

_YEARS = range(1900, 3000)


class Cadence(StrEnum):
    """How often a feed is owed. A new cadence is one member here and one entry in `_FORMS`."""

    DAILY = "daily"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How one cadence is written and cut out of the calendar.

    `first` turns the numbers of the written form into the first day (ValueError if there is none);
    `floor` gives the first day of the period a day lies in; `after` the first day of the next one.
    """

    written: re.Pattern[str]
    example: str
    first: Callable[..., date]
    floor: Callable[[date], date]
    after: Callable[[date], date]
    text: Callable[[date], str]


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _quarter_start(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


_FORMS: dict[Cadence, _Form] = {
    Cadence.DAILY: _Form(
        written=re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"),
        example="2026-11-22",
        first=date,
        floor=lambda day: day,
        after=lambda first: first + timedelta(days=1),
        text=date.isoformat,
    ),
    Cadence.MONTHLY: _Form(
        written=re.compile(r"([0-9]{4})-([0-9]{2})"),
        example="2026-10",
        first=lambda year, month: date(year, month, 1),
        floor=lambda day: day.replace(day=1),
        after=lambda first: _months_later(first, 1),
        text=lambda first: f"{first:%Y-%m}",
    ),
    Cadence.QUARTERLY: _Form(
        written=re.compile(r"([0-9]{4})Q([1-4])"),
        example="2026Q3",
        first=lambda year, quarter: date(year, 3 * quarter - 2, 1),
        floor=_quarter_start,
        after=lambda first: _months_later(first, 3),
        text=lambda first: f"{first.year}Q{(first.month + 2) // 3}",
    ),
    Cadence.HALF_YEARLY: _Form(
        written=re.compile(r"([0-9]{4})H([12])"),
        example="2026H1",
        first=lambda year, half: date(year, 6 * half - 5, 1),
        floor=lambda day: date(day.year, 1 if day.month <= 6 else 7, 1),
        after=lambda first: _months_later(first, 6),
        text=lambda first: f"{first.year}H{1 if first.month == 1 else 2}",
    ),
    Cadence.YEARLY: _Form(
        written=re.compile(r"([0-9]{4})"),
        example="2026",
        first=lambda year: date(year, 1, 1),
        floor=lambda day: date(day.year, 1, 1),
        after=lambda first: date(first.year + 1, 1, 1),
        text=lambda first: f"{first.year}",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days `start` to `end` (exclusive) that a batch is about; `str()` gives its written form.

    Raises:
        PeriodInvalid: `start` is not the first day of a period of that cadence, or lies outside 1900 to 2999.
    """

    cadence: Cadence
    start: date

    def __post_init__(self) -> None:
        if self.start.year not in _YEARS or _FORMS[self.cadence].floor(self.start) != self.start:
            raise PeriodInvalid(text=self.start.isoformat(), expected=_FORMS[self.cadence].example)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The period that `text` names: `2026-11-22`, `2026-10`, `2026Q3`, `2026H1` or `2026`, nothing around it.

        Raises:
            PeriodInvalid: it is none of these, or no such day, month or year exists.
        """
        for cadence, form in _FORMS.items():
            if found := form.written.fullmatch(text):
                return cls(cadence=cadence, start=_first_day(form, text, found))
        raise PeriodInvalid(text=text[:40], expected=" / ".join(form.example for form in _FORMS.values()))

    @classmethod
    def containing(cls, cadence: Cadence, day: date) -> Self:
        """The period that `day` lies in."""
        return cls(cadence=cadence, start=_FORMS[cadence].floor(day))

    @classmethod
    def last_complete(cls, cadence: Cadence, day: date) -> Self:
        """The newest period that had ended when `day` began: on 1 November that is October, on 31 October September."""
        return cls.containing(cadence, day).previous()

    @property
    def end(self) -> date:
        """The first day that no longer belongs to the period."""
        return _FORMS[self.cadence].after(self.start)

    def next(self) -> Self:
        return type(self)(cadence=self.cadence, start=self.end)

    def previous(self) -> Self:
        return type(self).containing(self.cadence, self.start - timedelta(days=1))

    def __str__(self) -> str:
        return _FORMS[self.cadence].text(self.start)


def _first_day(form: _Form, text: str, found: re.Match[str]) -> date:
    try:
        return form.first(*(int(number) for number in found.groups()))
    except ValueError:
        raise PeriodInvalid(text=text, expected=form.example) from None
