"""The year freeze: from which day on the data of a year is closed.

A freeze is keyed on the year the data is about, never on when it arrives. Rules are data and effective-dated: a new one
neither opens a year that was closed before it, nor closes one before it took effect. This file must never ask what time
it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Self

from gateway.calendar.period import ASIA_SHANGHAI, Period
from gateway.errors import FreezeInvalid

_DAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class YearFreeze:
    """From `effective` on: a year is closed from the day `month`-`day` of the next year on, that day included.

    《湖南省"互联网+监督"平台运行管理办法》第十八条:每年4月1日起,平台将不再更新上年度数据。
    """

    id: str
    effective: date
    month: int
    day: int
    article: str

    @classmethod
    def of(cls, *, id: str, effective: str, closes: str, article: str) -> Self:
        """From the written forms: an ISO 8601 date, and `MM-DD`. Raises FreezeInvalid."""
        written = _DAY.fullmatch(closes)
        try:
            month, day = (int(part) for part in written.groups()) if written else (0, 0)
            date(2025, month, day)  # a day that every year has
            return cls(id=id, effective=date.fromisoformat(effective), month=month, day=day, article=article)
        except ValueError:
            raise FreezeInvalid(rule=id) from None


@dataclass(frozen=True, kw_only=True)
class Closing:
    """The first moment at which a year's data is closed, and the rule that says so."""

    at: datetime
    rule: YearFreeze


def closing(rules: Sequence[YearFreeze], period: Period) -> Closing | None:
    """When the year that `period` lies in is closed; None where no rule closes it."""
    found: Closing | None = None
    for rule in sorted(rules, key=lambda one: one.effective):
        begins = _midnight(rule.effective)
        if found is None or found.at > begins:
            usual = _midnight(date(period.year + 1, rule.month, rule.day))
            found = Closing(at=max(usual, begins), rule=rule)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ASIA_SHANGHAI)
