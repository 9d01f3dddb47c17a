"""Schedules: a due rule through its versions, and the periods a feed owes under it.

A changed rule is a new version with the day it takes effect: it rules the periods that start on or after that day, and
what was owed before stays owed as it was. This file must never ask what time it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from gateway.calendar.due import Deadline, DueRule, deadline
from gateway.calendar.period import Cadence, Period
from gateway.calendar.working_days import WorkingDays
from gateway.errors import DueRuleInvalid

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`rules`: one id's versions, oldest first; the oldest rules all that was before it, whatever its `effective`.

    Raises:
        DueRuleInvalid: a version cannot follow the one before it.
    """

    id: str
    rules: tuple[DueRule, ...]
    working: WorkingDays

    def __post_init__(self) -> None:
        for older, newer in pairwise(self.rules):
            require_succession(older, newer)

    @property
    def newest(self) -> DueRule:
        return self.rules[-1]

    @property
    def event_driven(self) -> bool:
        """Whether its periods are events; no version has it otherwise."""
        return self.newest.cadence is Cadence.EVENT

    @property
    def needs_working_days(self) -> bool:
        """Whether any version asks which days are worked."""
        return any(rule.needs_working_days for rule in self.rules)

    def rule_on(self, day: date) -> DueRule:
        """The version for a period that starts on `day`."""
        for rule in reversed(self.rules):
            if rule.effective is None or rule.effective <= day:
                return rule
        return self.rules[0]

    def rule_of(self, period: Period) -> DueRule:
        return self.rule_on(period.start)

    def cadence_on(self, day: date) -> Cadence:
        return self.rule_on(day).cadence

    def fits(self, period: Period) -> bool:
        """Whether it is a period of this schedule: of the cadence in force when it starts."""
        return period.cadence is self.rule_of(period).cadence

    def deadline(self, period: Period) -> Deadline:
        """By when it is owed, and why then. Raises: ValueError: it is no period of this schedule."""
        known = self._deadlines.get(period)
        if known is None:
            known = self._deadlines[period] = deadline(self.rule_of(period), period, self.working)
        return known

    def due(self, period: Period) -> datetime:
        """The last whole second at which it is on time. Raises: ValueError: it is no period of this schedule."""
        return self.deadline(period).at

    def on_time(self, period: Period, moment: datetime) -> bool:
        """Whether `moment` (aware) is in time: fractions of the due second still count. Raises: ValueError."""
        return self.deadline(period).keeps(moment)

    def reminders(self, period: Period) -> tuple[tuple[int, datetime], ...]:
        """For each rung of the rule's ladder, farthest first: days before the deadline, and the moment. ValueError."""
        at = self.due(period)
        return tuple((days, at - days * _DAY) for days in self.rule_of(period).remind_days)

    def running(self, day: date) -> Period:
        """The period that `day` lies in. Raises: ValueError: it is event-driven."""
        return Period.containing(self.cadence_on(day), day)

    def last_complete(self, day: date) -> Period:
        """The newest period that had ended when `day` began. Raises: ValueError: it is event-driven."""
        return self.before(self.running(day))

    def after(self, period: Period) -> Period:
        """The one that follows, of another cadence where the rule changes. Raises: ValueError: it is event-driven."""
        following = self._following.get(period)
        if following is None:
            following = self._following[period] = self.running(period.end)
        return following

    def before(self, period: Period) -> Period:
        """The one that goes before, of another cadence where the rule changed. Raises: ValueError: event-driven."""
        return self.running(period.start - _DAY)

    def periods(self, first: Period, until: date) -> Iterator[Period]:
        """From `first` on, those that start before `until`, in order. Raises: ValueError: it is event-driven."""
        period = first
        while period.start < until:
            yield period
            period = self.after(period)

    @cached_property
    def _deadlines(self) -> dict[Period, Deadline]:
        """What was computed before: a board asks the same of many feeds."""
        return {}

    @cached_property
    def _following(self) -> dict[Period, Period]:
        """Likewise."""
        return {}


def versions(rules: Sequence[DueRule]) -> tuple[DueRule, ...]:
    """Oldest first; the one from ever is the oldest."""
    return tuple(sorted(rules, key=lambda rule: rule.effective or date.min))


def require_succession(older: DueRule, newer: DueRule) -> None:
    """Raise unless `newer` can take over from `older` on its day.

    Raises:
        DueRuleInvalid: both begin on one day, a period of the older one would be cut, or events take part.
    """
    if fault := _succession_fault(older, newer):
        raise DueRuleInvalid(rule=newer.id, key="effective", problem_zh=fault[0], problem_en=fault[1])


def _succession_fault(older: DueRule, newer: DueRule) -> tuple[str, str] | None:
    begins = newer.effective
    if begins is None or begins == older.effective:
        return "两个版本同时生效,须以 effective 区分", "two versions begin alike, tell them apart by effective"
    if older.cadence is newer.cadence is Cadence.EVENT:
        return None
    if Cadence.EVENT in (older.cadence, newer.cadence):
        return "事件与定期之间不能变更,须另立编号", "events and a rhythm cannot follow each other, use another id"
    if Period.containing(older.cadence, begins).start != begins:
        return (
            f"effective 须同时是原周期({older.cadence.zh})一个数据期的首日",
            f"effective must also be the first day of a period as it was ({older.cadence.en})",
        )
    return None
