"""Cadences and periods: the stretch of days a batch is about, and its one written form.

A period always starts where its cadence says one starts, so the month of 15 October cannot be built. What is owed after
an event has one period for each event, named by the event's minute; such periods follow no order of the calendar. This
file must never know when a period is owed (that is `due.py`) nor read the clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from gateway.errors import PeriodInvalid

ASIA_SHANGHAI = ZoneInfo("Asia/Shanghai")

_YEARS = range(1900, 3000)


class Cadence(StrEnum):
    """How often a feed is owed. A new cadence is one member here and one entry in `_FORMS`."""

    DAILY = "daily"
    WEEKLY = "weekly"
    """ISO 8601 weeks: from Monday on; the week belongs to the year its Thursday lies in."""
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    EVENT = "event"
    """No rhythm: a period is one event, to the minute in Beijing time."""

    @property
    def zh(self) -> str:
        """What people call it: the word of every Chinese table and message."""
        return _FORMS[self].zh

    @property
    def en(self) -> str:
        return self.value.replace("_", "-")


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How one cadence is written and cut out of the calendar.

    `first` turns the numbers of the written form into the first day (ValueError if there is none);
    `floor` gives the first day of the period a day lies in; `after` the first day that follows the period. `minute` is
    what the numbers say about the time of day: nothing, but for an event.
    """

    zh: str
    written: re.Pattern[str]
    example: str
    first: Callable[..., date]
    floor: Callable[[date], date]
    after: Callable[[date], date]
    text: Callable[[date], str]
    minute: Callable[..., time | None] = lambda *_: None


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _quarter_start(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _week_text(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


_FORMS: dict[Cadence, _Form] = {
    Cadence.DAILY: _Form(
        zh="每日",
        written=re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"),
        example="2026-11-22",
        first=date,
        floor=lambda day: day,
        after=lambda first: first + timedelta(days=1),
        text=date.isoformat,
    ),
    Cadence.WEEKLY: _Form(
        zh="每周",
        written=re.compile(r"([0-9]{4})-W([0-9]{2})"),
        example="2026-W47",
        first=lambda year, week: date.fromisocalendar(year, week, 1),
        floor=lambda day: day - timedelta(days=day.weekday()),
        after=lambda first: first + timedelta(days=7),
        text=_week_text,
    ),
    Cadence.MONTHLY: _Form(
        zh="每月",
        written=re.compile(r"([0-9]{4})-([0-9]{2})"),
        example="2026-10",
        first=lambda year, month: date(year, month, 1),
        floor=lambda day: day.replace(day=1),
        after=lambda first: _months_later(first, 1),
        text=lambda first: f"{first:%Y-%m}",
    ),
    Cadence.QUARTERLY: _Form(
        zh="每季度",
        written=re.compile(r"([0-9]{4})Q([1-4])"),
        example="2026Q3",
        first=lambda year, quarter: date(year, 3 * quarter - 2, 1),
        floor=_quarter_start,
        after=lambda first: _months_later(first, 3),
        text=lambda first: f"{first.year}Q{(first.month + 2) // 3}",
    ),
    Cadence.HALF_YEARLY: _Form(
        zh="每半年",
        written=re.compile(r"([0-9]{4})H([12])"),
        example="2026H1",
        first=lambda year, half: date(year, 6 * half - 5, 1),
        floor=lambda day: date(day.year, 1 if day.month <= 6 else 7, 1),
        after=lambda first: _months_later(first, 6),
        text=lambda first: f"{first.year}H{1 if first.month == 1 else 2}",
    ),
    Cadence.YEARLY: _Form(
        zh="每年",
        written=re.compile(r"([0-9]{4})"),
        example="2026",
        first=lambda year: date(year, 1, 1),
        floor=lambda day: date(day.year, 1, 1),
        after=lambda first: date(first.year + 1, 1, 1),
        text=lambda first: f"{first.year}",
    ),
    Cadence.EVENT: _Form(
        zh="按事件",
        written=re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2})([0-9]{2})"),
        example="2026-11-22T0930",
        first=lambda year, month, day, *_: date(year, month, day),
        floor=lambda day: day,
        after=lambda first: first + timedelta(days=1),
        text=date.isoformat,
        minute=lambda _year, _month, _day, hour, minute: time(hour, minute),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days `start` to `end` (exclusive) that a batch is about; `str()` gives its written form.

    Of an event it is the event's own day, and `minute` the time of that day in Beijing; None for all others.

    Raises:
        PeriodInvalid: `start` is not the first day of a period of that cadence, or lies outside 1900 to 2999; or it is
            an event without a minute, or the other way round.
    """

    cadence: Cadence
    start: date
    minute: time | None = None

    def __post_init__(self) -> None:
        form = _FORMS[self.cadence]
        if self.start.year not in _YEARS or form.floor(self.start) != self.start or not self._minute_fits():
            raise PeriodInvalid(text=self.start.isoformat(), expected=form.example)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The period that `text` names, nothing around it.

        `2026-11-22`, `2026-W47`, `2026-10`, `2026Q3`, `2026H1`, `2026`, or `2026-11-22T0930` for an event.

        Raises:
            PeriodInvalid: it is none of these, or no such minute, day, week, month or year exists.
        """
        for cadence, form in _FORMS.items():
            if found := form.written.fullmatch(text):
                return cls._of(cadence, form, [int(number) for number in found.groups()], text)
        raise PeriodInvalid(text=text[:40], expected=" / ".join(form.example for form in _FORMS.values()))

    @classmethod
    def containing(cls, cadence: Cadence, day: date) -> Self:
        """The period that `day` lies in. Raises: ValueError: events have no such thing."""
        _require_rhythm(cadence)
        return cls(cadence=cadence, start=_FORMS[cadence].floor(day))

    @classmethod
    def beginning(cls, cadence: Cadence, day: date) -> Self:
        """The one that `day` lies in, or of events the first that could happen on it: how such a period is written."""
        if cadence is Cadence.EVENT:
            return cls(cadence=cadence, start=day, minute=_MIDNIGHT)
        return cls.containing(cadence, day)

    @classmethod
    def last_complete(cls, cadence: Cadence, day: date) -> Self:
        """The newest period that had ended when `day` began: on 1 November that is October, on 31 October September.

        Raises:
            ValueError: events have no such thing.
        """
        return cls.containing(cadence, day).previous()

    @classmethod
    def of_event(cls, moment: datetime) -> Self:
        """The period of an event at `moment` (aware): its minute in Beijing."""
        here = moment.astimezone(ASIA_SHANGHAI)
        return cls(cadence=Cadence.EVENT, start=here.date(), minute=time(here.hour, here.minute))

    @property
    def end(self) -> date:
        """The first day that no longer belongs to the period."""
        return _FORMS[self.cadence].after(self.start)

    @property
    def moment(self) -> datetime:
        """When it begins, Beijing time: the event's minute, or midnight of the first day. Orders periods in time."""
        return datetime.combine(self.start, self.minute or _MIDNIGHT, ASIA_SHANGHAI)

    @property
    def complete_at(self) -> datetime:
        """From when on all of it lies in the past: midnight after its last day; of an event, its own minute."""
        return datetime.combine(self.end, _MIDNIGHT, ASIA_SHANGHAI) if self.minute is None else self.moment

    @property
    def year(self) -> int:
        """The year it belongs to and is written with: 2026 for `2026-W01`, though that begins on 29 December 2025."""
        return self.start.isocalendar().year if self.cadence is Cadence.WEEKLY else self.start.year

    def next(self) -> Self:
        """Raises: ValueError: events do not follow each other."""
        return type(self).containing(self.cadence, self.end)

    def previous(self) -> Self:
        """Raises: ValueError: events do not follow each other."""
        return type(self).containing(self.cadence, self.start - timedelta(days=1))

    def __str__(self) -> str:
        text = _FORMS[self.cadence].text(self.start)
        return text if self.minute is None else f"{text}T{self.minute:%H%M}"

    @classmethod
    def _of(cls, cadence: Cadence, form: _Form, numbers: Sequence[int], text: str) -> Self:
        try:
            return cls(cadence=cadence, start=form.first(*numbers), minute=form.minute(*numbers))
        except ValueError:
            raise PeriodInvalid(text=text, expected=form.example) from None

    def _minute_fits(self) -> bool:
        if self.minute is None:
            return self.cadence is not Cadence.EVENT
        whole = self.minute == time(self.minute.hour, self.minute.minute)
        return self.cadence is Cadence.EVENT and whole


_MIDNIGHT = time()


def _require_rhythm(cadence: Cadence) -> None:
    if cadence is Cadence.EVENT:
        raise ValueError("an event is a period of its own: none contains a given day, follows or precedes another")
