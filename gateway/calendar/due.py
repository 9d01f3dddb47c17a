"""Due rules: by which moment a period is owed, in Beijing time.

A rule is data and carries the article it rests on. A statute that sets another time wins (从其规定, Art. 18 of
《湖南省"互联网+监督"平台运行管理办法》), so a rule is changed in the catalogue, never here. This file must never ask
what time it is.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from gateway.calendar.period import Cadence, Period
from gateway.errors import DueRuleInvalid

ASIA_SHANGHAI = ZoneInfo("Asia/Shanghai")

_CUTOFF = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_SECOND = timedelta(seconds=1)


class JudgedBy(StrEnum):
    """Which of a batch's two times decides whether it was on time.

    `landed`: when the data reached the front-end machine (基础比对数据, Art. 18: 推送至共享交换平台前置机);
    `accepted`: when the centre accepted it (all others).
    """

    LANDED = "landed"
    ACCEPTED = "accepted"


@dataclass(frozen=True, kw_only=True)
class DueRule:
    """By when periods of one cadence are owed.

    Either `months_after` and `day` (that day of the n-th month after the period's last month), or `days_after` (the
    n-th day after the period's last day). `cutoff` is the moment of that day, `HH:MM` up to `24:00`, at which it is
    too late. `inclusive` false reads "10日前" as excluding the 10th: the day before is the last one.

    Raises:
        DueRuleInvalid: the parts do not name one day after the period's end.
    """

    id: str
    title: str
    cadence: Cadence
    months_after: int | None = None
    day: int | Literal["last"] | None = None
    days_after: int | None = None
    cutoff: str = "24:00"
    inclusive: bool = True
    judged_by: JudgedBy
    article: str

    def __post_init__(self) -> None:
        for broken, problem_zh, problem_en in self._faults():
            if broken:
                raise DueRuleInvalid(rule=self.id, problem_zh=problem_zh, problem_en=problem_en)

    def _faults(self) -> tuple[tuple[bool, str, str], ...]:
        by_month = self.months_after is not None and self.day is not None and self.days_after is None
        by_days = self.months_after is None and self.day is None and self.days_after is not None
        first = self.day == 1 or self.days_after == 1
        return (
            (
                not by_month and not by_days,
                "须写 months_after 和 day,或只写 days_after",
                "give months_after and day, or only days_after",
            ),
            (by_month and self.months_after < 1, "months_after 至少为 1", "months_after must be at least 1"),
            (by_days and self.days_after < 1, "days_after 至少为 1", "days_after must be at least 1"),
            (
                isinstance(self.day, int) and not 1 <= self.day <= 28,
                "day 应为 1 至 28,月底写 last",
                "day must be 1 to 28, or last",
            ),
            (
                not self.inclusive and first,
                "inclusive: false 时截止日会落在数据期内",
                "inclusive: false would put the last day inside the period",
            ),
            (
                not _CUTOFF.fullmatch(self.cutoff) or self.cutoff == "00:00",
                "cutoff 应写作 HH:MM,最晚 24:00",
                "cutoff must be HH:MM, at the latest 24:00",
            ),
        )


def due(rule: DueRule, period: Period) -> datetime:
    """The last whole second at which `period` is on time, with the +08:00 offset.

    A cut-off of 24:00 on the 10th gives 23:59:59 of the 10th (民法典 203: the last day ends at 24:00). Written so, the
    moment names the day a person means, and it is ISO 8601.

    Raises:
        ValueError: the period is not of the rule's cadence.
    """
    if period.cadence is not rule.cadence:
        raise ValueError(f"rule {rule.id} is {rule.cadence}, period {period} is {period.cadence}")
    day = _last_day(rule, period)
    if rule.cutoff == "24:00":
        cutoff = datetime.combine(day + timedelta(days=1), time(), ASIA_SHANGHAI)
    else:
        cutoff = datetime.combine(day, time.fromisoformat(rule.cutoff), ASIA_SHANGHAI)
    return cutoff - _SECOND


def on_time(rule: DueRule, period: Period, moment: datetime) -> bool:
    """Whether `moment` (aware) lies before the cut-off: fractions of the due second still count."""
    return moment < due(rule, period) + _SECOND


def _last_day(rule: DueRule, period: Period) -> date:
    named = _named_day(rule, period)
    return named if rule.inclusive else named - timedelta(days=1)


def _named_day(rule: DueRule, period: Period) -> date:
    last = period.end - timedelta(days=1)
    if rule.days_after is not None:
        return last + timedelta(days=rule.days_after)
    years, month = divmod(last.month - 1 + rule.months_after, 12)
    year = last.year + years
    day = monthrange(year, month + 1)[1] if rule.day == "last" else rule.day
    return date(year, month + 1, day)
