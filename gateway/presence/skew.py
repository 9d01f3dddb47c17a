"""Moments as HTTP writes them (RFC 9110 5.6.7), and by how much the sender's clock is ahead of the reader's.

An HTTP date has whole seconds, so both clocks are compared in whole seconds: a skew is exact to a second, and to the
time that the message was on its way. Pure; must never read a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

_MILLISECOND = timedelta(milliseconds=1)


def http_date(at: datetime) -> str:
    """An aware moment as `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def skew_of(date: str | None, at: datetime) -> timedelta | None:
    """How far the clock that wrote `date` is ahead of the one that says `at` (behind: below zero).

    None where nothing readable was sent: an older front-end sends no Date, and that is no fault of it.
    """
    sent = _read(date or "")
    return None if sent is None else sent - at.replace(microsecond=0)


def milliseconds(skew: timedelta | None) -> int | None:
    """As ledgers and answers state it."""
    return None if skew is None else skew // _MILLISECOND


def _read(text: str) -> datetime | None:
    """Any of the three forms that RFC 9110 has readers accept; those without a zone are UTC."""
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what email.utils makes of texts that are no dates
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)
