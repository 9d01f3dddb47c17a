"""Overlap: how a reading follows a column from one cursor to the next, and how far it goes back for late rows.

A cursor is the highest value seen, as text. With an overlap the next reading starts that much before it, so that a row
that was committed late, or stamped by a machine whose clock was slow, is read after all; rows read twice unchanged are
duplicates at the centre. A time is never followed into the future: one row stamped next year would hide all others
until then. Must never go back: the highest row may have been deleted.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Annotated, Protocol

import pyarrow as pa
from pydantic import Field

Overlap = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,11}[dhm]?$")] | Annotated[int, Field(ge=1, le=10**12)]

_CHINA = timezone(timedelta(hours=8))  # sources write local time; China has had no other since 1991
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_FORMS = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y%m%d",
)  # fmt: skip
_DIGITS = 64  # more than a number here can have: nothing is rounded
_NUMBER = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,18})?", re.ASCII)


class CursorUnread(ValueError):
    """A value of the cursor's column is not what the overlap is measured in; it is not quoted."""


class Measure(Protocol):
    """How one kind of cursor is compared and moved. Every call may raise CursorUnread."""

    def back(self, cursor: str) -> str:
        """Where the reading starts."""
        ...

    def later(self, cursor: str | None, value: str) -> str:
        """The higher of the two, as far as it may be followed."""
        ...


class AsGiven:
    """No overlap: the source's order is trusted, and the last value is the cursor."""

    def back(self, cursor: str) -> str:
        return cursor

    def later(self, cursor: str | None, value: str) -> str:
        return value


class Numbers:
    """Sequence numbers and identities: transactions that take a number early and commit late are found again."""

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap

    def back(self, cursor: str) -> str:
        with localcontext(prec=_DIGITS):
            return format(_number(cursor) - self._overlap, "f")

    def later(self, cursor: str | None, value: str) -> str:
        return value if cursor is None or _number(value) > _number(cursor) else cursor


class Moments:
    """Times of day and days, in the source's own writing; `now` is the front-end's, as China's wall clock shows it."""

    def __init__(self, overlap: timedelta, now: datetime) -> None:
        self._overlap = overlap
        self._now = now.astimezone(_CHINA).replace(tzinfo=None)

    def back(self, cursor: str) -> str:
        moment, form = _moment(cursor)
        return (moment - self._overlap).strftime(form)

    def later(self, cursor: str | None, value: str) -> str:
        moment, form = _moment(value)
        reached = value if moment <= self._now else self._now.strftime(form)
        return reached if cursor is None or _moment(reached)[0] > _moment(cursor)[0] else cursor


class Follower:
    """The cursor of one reading."""

    def __init__(self, measure: Measure, cursor: str | None) -> None:
        self._measure = measure
        self.start = None if cursor is None else measure.back(cursor)
        self.cursor = cursor

    def see(self, values: pa.Array) -> None:
        """Follow a portion of the column, as text and in the order of the rows; missing values are passed over."""
        present = values.drop_null()
        if len(present):
            self.cursor = self._measure.later(self.cursor, present[-1].as_py())


def measure(overlap: str | int | None, at: datetime | None) -> Measure:
    """What an overlap is measured in: a bare number for numbers, `3d` `2h` `30m` for times."""
    if overlap is None:
        return AsGiven()
    text = str(overlap)
    if text[-1] not in _UNITS:
        return Numbers(int(text))
    return Moments(timedelta(**{_UNITS[text[-1]]: int(text[:-1])}), at or datetime.now(UTC))


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise CursorUnread
    return Decimal(text)


def _moment(text: str) -> tuple[datetime, str]:
    for form in _FORMS:
        with suppress(ValueError):
            return datetime.strptime(text, form), form  # noqa: DTZ007 - a source's own wall clock carries no offset
    raise CursorUnread
