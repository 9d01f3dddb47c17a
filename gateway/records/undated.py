"""Why a cell is not a date, a month or a timestamp: one cell at a time, for problem rows alone.

Owns the explanations; `dates` owns the rule. It must never be asked about a cell that `dates` took.
"""

from __future__ import annotations

import re
from datetime import date

from gateway.records import marks
from gateway.records.days import FIRST_YEAR, LAST_YEAR, SPREADSHEET_ZERO
from gateway.records.problems import Reason
from gateway.records.reading import PADDING
from gateway.records.texts import damage
from gateway.records.types import Column

_SENTINEL_YEARS = ("0000", "0001", "9999")  # MySQL's zero date, the least date of .NET and Oracle, "long term"

_DAY = re.compile(
    r"(?P<y>[0-9]{4,6})"
    r"(?:(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})|年(?P<m2>[0-9]{1,2})月(?P<d2>[0-9]{1,2})日)"
)
_COMPACT_DAY = re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})")
_NO_DAY = re.compile(r"[0-9]{4}(年|[-/.][0-9]{1,2}|年[0-9]{1,2}月?|[0-9]{2})?")
_SERIAL = re.compile(r"[0-9]{5}(\.[0-9]+)?")
_CLOCK = re.compile(r"[ T]?[0-9]{2}:?[0-9]{2}:?[0-9]{2}(\.[0-9]+)?(Z|[-+][0-9]{2}:?[0-9]{2})?")
_SHORT_CLOCK = re.compile(r"[ T][0-9]{1,2}(:[0-9]{1,2}){0,2}.*")


def why_date(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or (_why_date(text.strip(PADDING)),)


def why_month(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or (_full_width_or(text, Reason.MONTH_FORM),)


def why_timestamp(text: str, column: Column) -> tuple[Reason, ...]:
    return damage(text) or (_why_timestamp(text.strip(PADDING)),)


def _why_date(text: str) -> Reason:
    day, rest = _split(text)
    if day is None:
        return _why_no_day(text)
    calendar = _why_calendar(day)
    if calendar is not None:
        return calendar
    return Reason.DATE_HAS_TIME if _SHORT_CLOCK.fullmatch(rest) or _CLOCK.fullmatch(rest) else Reason.DATE_FORM


def _split(text: str) -> tuple[tuple[int, int, int] | None, str]:
    found = _DAY.match(text) or _COMPACT_DAY.match(text)
    if found is None:
        return None, text
    parts = found.groupdict()
    month, day = parts["m"] or parts.get("m2"), parts["d"] or parts.get("d2")
    return (int(parts["y"]), int(month), int(day)), text[found.end() :]


def _why_calendar(day: tuple[int, int, int]) -> Reason | None:
    if f"{day[0]:04}" in _SENTINEL_YEARS or day == SPREADSHEET_ZERO:
        return Reason.DATE_SENTINEL
    if not FIRST_YEAR <= day[0] <= LAST_YEAR:
        return Reason.DATE_RANGE
    try:
        date(*day)
    except ValueError:
        return Reason.DATE_IMPOSSIBLE
    return None


def _why_no_day(text: str) -> Reason:
    if _NO_DAY.fullmatch(text):
        return Reason.DATE_NO_DAY
    return Reason.DATE_SERIAL if _SERIAL.fullmatch(text) else _full_width_or(text, Reason.DATE_FORM)


def _full_width_or(text: str, otherwise: Reason) -> Reason:
    return Reason.FULL_WIDTH if re.search(marks.FULL_WIDTH, text) else otherwise


def _why_timestamp(text: str) -> Reason:
    day, rest = _split(text)
    if day is None:
        return _full_width_or(text, Reason.TIMESTAMP_FORM)
    calendar = _why_calendar(day)
    if calendar is not None:
        return calendar
    if not _CLOCK.fullmatch(rest):
        return Reason.TIMESTAMP_FORM
    return _why_clock(rest)


def _why_clock(rest: str) -> Reason:
    clock = re.sub("[ T:]", "", rest)
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:6])
    if hour > 23 or minute > 59 or second > 59:
        return Reason.TIME_IMPOSSIBLE
    decimals = re.search(r"\.[0-9]{6}0*[1-9]", rest)
    offset = re.search(r"[-+](1[5-9]|[2-9][0-9]|[0-9]{2}:?[6-9])", rest)
    return Reason.TIMESTAMP_FORM if decimals or offset else Reason.TIME_AMBIGUOUS
