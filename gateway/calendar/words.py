"""How a deadline is said: `24:00` belongs to the day that ends with it, and lateness is in days of the calendar.

Pure. The one home of both; must never judge what is in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.calendar.period import ASIA_SHANGHAI
from gateway.errors import Lang

_SECOND = timedelta(seconds=1)


def until(due: datetime) -> str:
    """As people write a deadline in Beijing: a day that is over at 24:00, or the time from which on it is too late."""
    late = _too_late(due)
    return f"{_local(due):%Y-%m-%d} 24:00" if late is None else f"{late:%Y-%m-%d %H:%M}"


def deadline_words(due: datetime, lang: Lang) -> str:
    """`2026年12月10日24时(北京时间)`, for a paper that names its clock."""
    if lang == "en":
        return f"{until(due)} (Beijing time)"
    late = _too_late(due)
    day = _local(due) if late is None else late
    clock = "24时" if late is None else f"{late.hour}时" + (f"{late.minute}分" if late.minute else "")
    return f"{day.year}年{day.month}月{day.day}日{clock}(北京时间)"


def days_over(due: datetime, at: datetime) -> int:
    """Days of the calendar in Beijing since the day it was due on; 0 on that day itself, below zero before it."""
    return (_local(at).date() - _local(due).date()).days


def _too_late(due: datetime) -> datetime | None:
    """The first moment that is too late; None where that is the end of the day itself."""
    late = _local(due) + _SECOND
    return late if late.date() == _local(due).date() else None


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ASIA_SHANGHAI)
