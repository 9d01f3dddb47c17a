"""Working days: which days are worked in China, and up to when anybody knows.

The arrangement of a year is announced in the autumn before it (国务院办公厅关于部分节假日安排的通知). What was
announced comes with the package `chinesecalendar`; a catalogue lays its own entries over it, and may state a year that
the package does not know yet. This file must never guess: in a year that nobody knows every day counts as worked and
none as a holiday, so that no deadline moves, and who needs the answer is told the year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from chinese_calendar import constants

_DAY = timedelta(days=1)
_OFFICIAL_YEARS = frozenset(day.year for day in constants.holidays)
_SATURDAY = 5


class DayKind(StrEnum):
    """What a day is: worked (a Saturday that is worked too), an ordinary weekend, or a day of a named holiday."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """One named holiday as it is announced: `first` to `last`, both included."""

    first: date
    last: date
    title: str

    def days(self) -> Iterator[date]:
        """Every day of it."""
        return (self.first + n * _DAY for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What one notice says about one year.

    Attributes:
        complete: it is the whole year's arrangement, in place of any other; else single changes to what is known.
        workdays: rest days that are worked.
        article: the notice it rests on.
    """

    year: int
    complete: bool
    holidays: tuple[Holiday, ...]
    workdays: tuple[date, ...]
    article: str

    def kinds(self) -> dict[date, DayKind]:
        """The days it names."""
        named = dict.fromkeys((day for holiday in self.holidays for day in holiday.days()), DayKind.HOLIDAY)
        return named | dict.fromkeys(self.workdays, DayKind.WORKDAY)


@dataclass(frozen=True, kw_only=True)
class WorkingDays:
    """What was announced, with `arrangements` laid over it in their order."""

    arrangements: tuple[Arrangement, ...] = ()

    def kind(self, day: date) -> DayKind:
        """What `day` is; a workday, whatever day it is, in a year nobody knows."""
        if day.year not in self._years:
            return DayKind.WORKDAY
        usual = DayKind.WEEKEND if day.weekday() >= _SATURDAY else DayKind.WORKDAY
        return self._named.get(day, usual)

    def works(self, day: date) -> bool:
        return self.kind(day) is DayKind.WORKDAY

    def knows(self, year: int) -> bool:
        """Whether the year's arrangement is known."""
        return year in self._years

    @property
    def known_until(self) -> date:
        """The last day of the last year that is known without a gap before it."""
        year = min(_OFFICIAL_YEARS)
        while year + 1 in self._years:
            year += 1
        return date(year, 12, 31)

    @cached_property
    def _years(self) -> frozenset[int]:
        return _OFFICIAL_YEARS | {one.year for one in self.arrangements if one.complete}

    @cached_property
    def _named(self) -> Mapping[date, DayKind]:
        """Every day that is not what its weekday says, or that somebody named."""
        replaced = {one.year for one in self.arrangements if one.complete}
        named = {day: kind for day, kind in _OFFICIAL.items() if day.year not in replaced}
        for one in sorted(self.arrangements, key=lambda each: not each.complete):
            named |= one.kinds()
        return named


_OFFICIAL: Mapping[date, DayKind] = dict.fromkeys(constants.holidays, DayKind.HOLIDAY) | dict.fromkeys(
    constants.workdays, DayKind.WORKDAY
)
