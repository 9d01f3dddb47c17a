"""The clock of a node: the machine's own, or a fixed moment in a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI
from gateway.errors import ClockRefused, MomentInvalid

Clock = Callable[[], datetime]


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
        MomentInvalid: not a moment.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MomentInvalid(text=text, expected="2026-11-30T23:59:59+08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=ASIA_SHANGHAI)


def end_of(text: str) -> datetime:
    """A moment something ends at; a date lasts to its end, as dates in notices do.

    Raises:
        MomentInvalid: not a moment.
    """
    return moment(f"{text}T23:59:59" if len(text) == len("2026-12-31") else text)
