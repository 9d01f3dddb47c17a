"""Due rules: by which moment a period is owed, in Beijing time.

A rule is data and carries the article it rests on. A statute that sets another time wins (从其规定, Art. 18 of
《湖南省"互联网+监督"平台运行管理办法》), so a rule is changed in the catalogue, never here. This file must never ask
what time it is.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from gateway.calendar.period import ASIA_SHANGHAI, Cadence, Period
from gateway.calendar.shift import Shift, shifted, workday_after
from gateway.calendar.working_days import WorkingDays
from gateway.errors import DueRuleInvalid

_CUTOFF = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_MOST_RUNGS = 3
_Fault = tuple[bool, str, str, str]  # whether it is one, the key to correct, and the words for it


class JudgedBy(StrEnum):
    """Which of a batch's two times decides whether it was on time.

    `landed`: when the data reached the front-end machine (基础比对数据, Art. 18: 推送至共享交换平台前置机);
    `accepted`: when the centre accepted it (all others).
    """

    LANDED = "landed"
    ACCEPTED = "accepted"


@dataclass(frozen=True, kw_only=True)
class DueRule:
    """By when periods of one cadence are owed: one version of a rule.

    One of these says it:

    * `months_after` and `day`: that day of the n-th month after the period's last month;
    * `days_after`, `workdays_after`: the n-th day, or working day, after the period's last day (an event's own day);
    * `hours_after`: so many hours after an event, to the second, whatever the day.

    Attributes:
        effective: rules the periods that start on or after this day; None: from ever.
        cutoff: the moment of the last day at which it is too late, `HH:MM` up to `24:00`.
        inclusive: false reads "10日前" as excluding the 10th: the day before is the last one.
        shift: where a last day goes that is no working day.
        remind_days: how many days before the deadline somebody is reminded, farthest first.

    Raises:
        DueRuleInvalid: the parts do not name one day after the period's end, or begin within a period.
    """

    id: str
    title: str
    cadence: Cadence
    months_after: int | None = None
    day: int | Literal["last"] | None = None
    days_after: int | None = None
    workdays_after: int | None = None
    hours_after: int | None = None
    cutoff: str = "24:00"
    inclusive: bool = True
    shift: Shift = Shift.NONE
    remind_days: tuple[int, ...] = (5, 3, 1)
    effective: date | None = None
    judged_by: JudgedBy
    article: str

    def __post_init__(self) -> None:
        for broken, key, problem_zh, problem_en in (*self._day_faults(), *self._other_faults()):
            if broken:
                raise DueRuleInvalid(rule=self.id, key=key, problem_zh=problem_zh, problem_en=problem_en)

    @property
    def needs_working_days(self) -> bool:
        """Whether its deadlines depend on which days are worked."""
        return self.workdays_after is not None or self.shift is not Shift.NONE

    def _day_faults(self) -> Iterator[_Fault]:
        """What the parts come to that say the day."""
        by_month = self.months_after is not None and self.day is not None
        spans = {"days_after": self.days_after, "workdays_after": self.workdays_after, "hours_after": self.hours_after}
        given = [name for name, value in spans.items() if value is not None]
        half = (self.months_after is None) is not (self.day is None)
        yield (
            half or by_month + len(given) != 1,
            given[-1] if given else "months_after",
            "须写 months_after 和 day,或只写 days_after、workdays_after、hours_after 之一",
            "give months_after and day, or only days_after, workdays_after or hours_after",
        )
        for name, value in {"months_after": self.months_after, **spans}.items():
            yield value is not None and value < 1, name, f"{name} 至少为 1", f"{name} must be at least 1"
        yield (
            isinstance(self.day, int) and not 1 <= self.day <= 28,
            "day",
            "day 应为 1 至 28,月底写 last",
            "day must be 1 to 28, or last",
        )
        yield (
            self.hours_after is not None and self.cadence is not Cadence.EVENT,
            "hours_after",
            "hours_after 只用于 cadence: event",
            "hours_after is for cadence event only",
        )

    def _other_faults(self) -> Iterator[_Fault]:
        """What must hold of the rest, given the parts that say the day."""
        counted = self.workdays_after is not None or self.hours_after is not None
        first = self.day == 1 or self.days_after == 1
        yield (
            not self.inclusive and (first or counted),
            "inclusive",
            "inclusive: false 只用于 day 或 days_after,且最后一日不得因此落在数据期内",
            "inclusive: false is for day or days_after, and must not put the last day inside the period",
        )
        yield (
            counted and self.shift is not Shift.NONE,
            "shift",
            "workdays_after、hours_after 不再顺延,请删去 shift",
            "what is counted in working days or hours does not shift: leave shift out",
        )
        yield (
            self.hours_after is not None and self.cutoff != "24:00",
            "cutoff",
            "hours_after 不用 cutoff",
            "hours_after takes no cutoff",
        )
        yield (
            not _CUTOFF.fullmatch(self.cutoff) or self.cutoff == "00:00",
            "cutoff",
            "cutoff 应写作 HH:MM,最晚 24:00",
            "cutoff must be HH:MM, at the latest 24:00",
        )
        yield (
            not _falls(self.remind_days),
            "remind_days",
            "remind_days 应为 1 至 3 个由大到小、不小于 1 的天数",
            "remind_days must be 1 to 3 numbers of days, falling, each at least 1",
        )
        yield (
            self.effective is not None and not _begins(self.cadence, self.effective),
            "effective",
            f"effective 须是一个数据期({self.cadence.zh})的首日",
            f"effective must be the first day of a period ({self.cadence.en})",
        )


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """By when one period is owed, and how that came about.

    Attributes:
        at: the last whole second at which it is on time, Beijing time.
        day: the day of `at`.
        named: the last day as the rule names it, before any shift.
        shift: the policy that moved it; None where it stands.
        unknown_year: the first year whose working days were asked for and nobody knows; None where all were known.
    """

    at: datetime
    day: date
    named: date
    shift: Shift | None
    unknown_year: int | None

    def keeps(self, moment: datetime) -> bool:
        """Whether `moment` (aware) is in time: fractions of the due second still count."""
        return moment < self.at + _SECOND


def due(rule: DueRule, period: Period, working: WorkingDays) -> datetime:
    """The last whole second at which `period` is on time, as `deadline` has it."""
    return deadline(rule, period, working).at


def deadline(rule: DueRule, period: Period, working: WorkingDays) -> Deadline:
    """By when `period` is owed.

    A cut-off of 24:00 on the 10th gives 23:59:59 of the 10th (民法典 203(2): the last day ends at 24:00). Written so,
    the moment names the day a person means, and it is ISO 8601. Hours are counted from the event's minute on, and the
    full hour itself is still in time (民法典 1259: 以内 includes the number).

    Raises:
        ValueError: the period is not of the rule's cadence.
    """
    if period.cadence is not rule.cadence:
        raise ValueError(f"rule {rule.id} is {rule.cadence}, period {period} is {period.cadence}")
    if rule.hours_after is not None:
        at = (period.moment.astimezone(UTC) + timedelta(hours=rule.hours_after)).astimezone(ASIA_SHANGHAI)
        return Deadline(at=at, day=at.date(), named=at.date(), shift=None, unknown_year=None)
    named = _last_day(rule, period, working)
    day = shifted(rule.shift, named, period.end, working)
    return Deadline(
        at=_cutoff(rule, day) - _SECOND,
        day=day,
        named=named,
        shift=rule.shift if day != named else None,
        unknown_year=_unknown_year(rule, period, named, day, working),
    )


def readings(rule: DueRule, period: Period) -> tuple[date, date] | None:
    """Both readings of "n日前": the n-th itself as last day (含当日), and the day before it (不含当日).

    Before any shift. None where the rule names no day of the month: there is nothing to read in two ways.
    """
    if rule.day is None or rule.day == "last":
        return None
    return _day_of_month(rule, period), _day_of_month(rule, period) - _DAY


def _cutoff(rule: DueRule, day: date) -> datetime:
    if rule.cutoff == "24:00":
        return datetime.combine(day + _DAY, time(), ASIA_SHANGHAI)
    return datetime.combine(day, time.fromisoformat(rule.cutoff), ASIA_SHANGHAI)


def _last_day(rule: DueRule, period: Period, working: WorkingDays) -> date:
    last = period.end - _DAY
    if rule.workdays_after is not None:
        return workday_after(last, rule.workdays_after, working)
    named = last + rule.days_after * _DAY if rule.days_after is not None else _day_of_month(rule, period)
    return named if rule.inclusive else named - _DAY


def _day_of_month(rule: DueRule, period: Period) -> date:
    last = period.end - _DAY
    years, month = divmod(last.month - 1 + (rule.months_after or 0), 12)
    year = last.year + years
    day = rule.day if isinstance(rule.day, int) else monthrange(year, month + 1)[1]
    return date(year, month + 1, day)


def _unknown_year(rule: DueRule, period: Period, named: date, day: date, working: WorkingDays) -> int | None:
    if not rule.needs_working_days:
        return None
    whole = rule.workdays_after is not None or rule.shift is Shift.TAX_STYLE
    first = period.end if whole else min(named, day)
    years = range(first.year, max(named, day).year + 1)
    return next((year for year in years if not working.knows(year)), None)


def _falls(days: tuple[int, ...]) -> bool:
    falling = tuple(sorted(set(days), reverse=True))
    return 1 <= len(days) <= _MOST_RUNGS and days == falling and days[-1] >= 1


def _begins(cadence: Cadence, day: date) -> bool:
    return cadence is Cadence.EVENT or Period.containing(cadence, day).start == day
