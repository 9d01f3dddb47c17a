"""Collecting: from when on it makes sense to fetch a period from its source.

Owns that one moment, for whoever plans runs. It must never decide lateness (that is `due.py`), nor ask what time it is.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from gateway.calendar.period import ASIA_SHANGHAI, Period
from gateway.calendar.schedule import Schedule

_DAY = timedelta(days=1)


def collect_from(schedule: Schedule, period: Period, morning: time) -> datetime:
    """The first moment for a run of `period`, Beijing time.

    `morning` of the first working day after the period, since a source that is off over a holiday, and whoever must
    answer for it, are there again then. Where that leaves less than a day until the deadline, `morning` of the first
    day after the period, worked or not; and where even that is too late, the moment the period is over. An event is
    collected at once.

    Raises:
        ValueError: it is no period of this schedule.
    """
    complete, due = period.complete_at, schedule.due(period)
    if schedule.event_driven:
        return complete
    worked = _morning(_worked_from(complete.date(), schedule), morning)
    first = _morning(complete.date(), morning)
    if worked <= due - _DAY:
        return worked
    return first if first <= due else complete


def _worked_from(day: date, schedule: Schedule) -> date:
    while not schedule.working.works(day):
        day += _DAY
    return day


def _morning(day: date, morning: time) -> datetime:
    return datetime.combine(day, morning, ASIA_SHANGHAI)
