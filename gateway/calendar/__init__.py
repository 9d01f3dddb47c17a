"""Periods and due rules: what a moment is about, and by when it is owed.

Pure: no clock, no files, no knowledge of feeds. Every judgement takes its moment as an argument. The rule texts are
data (`sample/catalogue/due_rules.yaml`); this room only computes with them.
"""

from gateway.calendar.due import ASIA_SHANGHAI, DueRule, JudgedBy, due, on_time
from gateway.calendar.freeze import Closing, YearFreeze, closing
from gateway.calendar.period import Cadence, Period

__all__ = [
    "ASIA_SHANGHAI",
    "Cadence",
    "Closing",
    "DueRule",
    "JudgedBy",
    "Period",
    "YearFreeze",
    "closing",
    "due",
    "on_time",
]
