"""The clock of a node: the machine's own, or a fixed moment in a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from gateway.calendar import ASIA_SHANGHAI
from gateway.errors import ClockRefused, MomentInvalid

Clock = Callable[[], datetime]

_YEARS = range(1901, 2999)
"""Periods lie in 1900 to 2999, and whoever looks at one looks at its neighbours."""
_ENDS = range(1901, 3000)
"""What has no end in sight ends in 2999, as people write it."""
_LAST_SECOND = time(23, 59, 59)
_WHOLE = "2026-11-30T23:59:59+08:00"
_WHOLE_OR_DAY = f"2026-11-30 / {_WHOLE}"


def system_clock() -> datetime:
    """Now, in Beijing time, to the millisecond."""
    now = datetime.now(ASIA_SHANGHAI)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def clock(rehearsal: bool, environ: Mapping[str, str]) -> Clock:
    """The clock that `YIZHAN_NOW` fixes at a rehearsal site, else the machine's.

    Raises:
        ClockRefused: `YIZHAN_NOW` is set where the site is no rehearsal.
        MomentInvalid: `YIZHAN_NOW` is no ISO 8601 moment.
    """
    text = environ.get("YIZHAN_NOW")
    if not text:
        return system_clock
    if not rehearsal:
        raise ClockRefused()
    fixed = moment(text)
    return lambda: fixed


def moment(text: str) -> datetime:
    """An ISO 8601 moment; without an offset it is Beijing time.

    Raises:
        MomentInvalid: not a moment, or in no year that there are periods of.
    """
    return _moment(text, _WHOLE, _YEARS)


def minute(text: str) -> datetime:
    """A moment that is told to the minute: a date alone names none of its minutes.

    Raises:
        MomentInvalid: not a moment, or a date.
    """
    if _day(text) is not None:
        raise MomentInvalid(text=text, expected="2026-11-30T09:30")
    return moment(text)


def end_of(text: str) -> datetime:
    """A moment something ends at; a date lasts to its end, as dates in notices do.

    Raises:
        MomentInvalid: not a moment.
    """
    day = _day(text)
    return _moment(text if day is None else datetime.combine(day, _LAST_SECOND).isoformat(), _WHOLE_OR_DAY, _ENDS)


def _moment(text: str, expected: str, years: range) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MomentInvalid(text=text, expected=expected) from None
    if at.year not in years:
        raise MomentInvalid(text=text, expected=expected)
    return at if at.tzinfo else at.replace(tzinfo=ASIA_SHANGHAI)


def _day(text: str) -> date | None:
    """The date that the text is, in any form of ISO 8601; None where it is none, or more than one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
