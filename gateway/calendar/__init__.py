"""Periods and due rules: what a moment is about, and by when it is owed.

Pure: no clock, no files, no knowledge of feeds. Every judgement takes its moment as an argument. The rule texts are
data (`sample/catalogue/due_rules.yaml`), and so is what the office knows of a year's working days; this room only
computes with them.
"""

from gateway.calendar.collecting import collect_from
from gateway.calendar.due import Deadline, DueRule, JudgedBy, deadline, due, readings
from gateway.calendar.freeze import Closing, YearFreeze, closing
from gateway.calendar.period import ASIA_SHANGHAI, Cadence, Period
from gateway.calendar.schedule import Schedule, require_succession, versions
from gateway.calendar.shift import Shift
from gateway.calendar.words import days_over, deadline_words, until
from gateway.calendar.working_days import Arrangement, DayKind, Holiday, WorkingDays

__all__ = [
    "ASIA_SHANGHAI",
    "Arrangement",
    "Cadence",
    "Closing",
    "DayKind",
    "Deadline",
    "DueRule",
    "Holiday",
    "JudgedBy",
    "Period",
    "Schedule",
    "Shift",
    "WorkingDays",
    "YearFreeze",
    "closing",
    "collect_from",
    "days_over",
    "deadline",
    "deadline_words",
    "due",
    "readings",
    "require_succession",
    "until",
    "versions",
]
