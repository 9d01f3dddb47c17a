"""What is asked for next, and whether the answers agree with each other: one class for each style of `paging`.

Owns the conditions under which a reading is complete. Must never see a row or send anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from adapters.contract import Request
from adapters.soap.refusals import Changing, PageError
from adapters.soap.styles import CursorStyle, PageStyle, RangeStyle, WholeStyle

_SHANGHAI = ZoneInfo("Asia/Shanghai")
Params = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One answer to be asked for: the parameters for it, and its place for a person ("page 3")."""

    params: Params
    place: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What an answer said: its rows, the total it states, and where to go on."""

    rows: int
    total: str | None = None
    next: str | None = None


class Steps(Protocol):
    """The answers of one reading, or of one range, one after the other.

    Attributes:
        total: what the service says all the rows are, once an answer was taken; None: it does not say.
        cursor: where the next reading goes on; None: such a place does not last here.
        ahead: what will be asked for after the answer that is awaited now, where that is certain already.
    """

    total: int | None
    cursor: str | None

    @property
    def ahead(self) -> Ask | None: ...

    def first(self) -> Ask: ...

    def after(self, answered: Answered) -> Ask | None:
        """None: that was the last one. Raises: PageError: it does not belong here; Changing: the total moved."""
        ...


class _Tally:
    """Rows counted against what the service states. `states` tells whether the layout names a total at all."""

    cursor: str | None = None

    def __init__(self, states: str | None) -> None:
        self._states, self.total, self.seen = states is not None, None, 0

    @property
    def ahead(self) -> Ask | None:
        return None

    def count(self, answered: Answered) -> None:
        self.seen += answered.rows
        if not self._states:
            return
        total = _number(answered.total)
        if self.total not in (None, total):
            raise Changing("总行数在读取时变化", "its total changed while it was read")
        self.total: int | None = total
        if self.seen > total:
            raise PageError("行数多于总行数", "more rows than its total")

    def expect_all(self) -> None:
        if self.total is not None and self.seen != self.total:
            zh, en = f"总行数 {self.total},实有 {self.seen} 行", f"{self.seen} rows of the {self.total} it states"
            raise PageError(zh, en)


class Pages(_Tally):
    """Every page full but the last, and the same total on every page."""

    def __init__(self, style: PageStyle, states: str | None) -> None:
        super().__init__(states)
        self._style, self._number = style, style.first

    def first(self) -> Ask:
        return self._ask(self._number)

    @property
    def ahead(self) -> Ask | None:
        """Known once the total is: a page that is not the last one is full, or the reading is refused."""
        known = self.total is not None and self.seen + self._style.rows < self.total
        return self._ask(self._number + 1) if known else None

    def _ask(self, number: int) -> Ask:
        style = self._style
        return Ask(params=((style.page, number), (style.size, style.rows)), place=f"page {number}")

    def after(self, answered: Answered) -> Ask | None:
        _expect_at_most(self._style.rows, answered)
        before = self.seen
        self.count(answered)
        if self.total is not None:
            expected = min(self._style.rows, self.total - before)
            if answered.rows != expected:
                zh, en = f"应有 {expected} 行,实有 {answered.rows} 行", f"{answered.rows} rows where {expected} belong"
                raise PageError(zh, en)
        if self.seen == self.total or answered.rows < self._style.rows:
            return None
        self._number += 1
        return self.first()


class Cursors(_Tally):
    """Answers chained by the place that each one names for the next."""

    def __init__(self, style: CursorStyle, states: str | None, cursor: str | None) -> None:
        super().__init__(states)
        self._style, self._answers = style, 1
        self._place = cursor if cursor is not None and self._lasts else style.first
        self._places = {self._place}
        self.cursor = self._place if self._lasts else None

    @property
    def _lasts(self) -> bool:
        return self._style.ends == "no_rows"

    def first(self) -> Ask:
        style = self._style
        sized = ((style.size, style.rows),) if style.size else ()
        return Ask(params=((style.parameter, self._place), *sized), place=f"page {self._answers}")

    def after(self, answered: Answered) -> Ask | None:
        if self._style.size:
            _expect_at_most(self._style.rows, answered)
        self.count(answered)
        place = (answered.next or "").strip()
        if (not answered.rows) if self._lasts else (not place):
            self.expect_all()
            return None
        if not place:
            raise PageError("有数据却没有游标", "it has rows but no cursor")
        if place in self._places:
            raise PageError("游标重复,读取不会结束", "it repeats a cursor: the reading would never end")
        self._places.add(place)
        self._place, self._answers = place, self._answers + 1
        self.cursor = place if self._lasts else None
        return self.first()


class Whole(_Tally):
    """Everything in one answer."""

    def first(self) -> Ask:
        return Ask(params=(), place="page 1")

    def after(self, answered: Answered) -> Ask | None:
        self.count(answered)
        self.expect_all()
        return None


@dataclass(frozen=True, kw_only=True)
class Span:
    """One range of the period, or all of it: the parameters that stand for it, and its name for a person."""

    params: Params = ()
    place: str = ""


def spans(style: RangeStyle, request: Request) -> Iterator[Span]:
    """The ranges of the period in order: without a gap, without an overlap, the last one cut at the period's end."""
    length = timedelta(days=style.days or 0, hours=style.hours or 0)
    back = timedelta(**{f"{style.smallest}s": 1}) if style.end_is == "inclusive" else timedelta(0)
    begin, over = _midnight(request.start), _midnight(request.end)
    while begin < over:
        end = min(begin + length, over)
        first, last = (instant.strftime(style.format) for instant in (begin, end - back))
        yield Span(params=((style.begin, first), (style.end, last)), place=f"{first} ")
        begin = end


def steps(style: PageStyle | CursorStyle | WholeStyle, states: str | None, request: Request) -> Steps:
    """How the rows of one span are asked for."""
    if isinstance(style, PageStyle):
        return Pages(style, states)
    if isinstance(style, CursorStyle):
        return Cursors(style, states, request.cursor)
    return Whole(states)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=_SHANGHAI)


def _expect_at_most(rows: int, answered: Answered) -> None:
    if answered.rows > rows:
        raise PageError("行数多于所请求的", "more rows than were asked for")


def _number(text: str | None) -> int:
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise PageError("缺少总行数", "the number of all rows is missing")
    return int(text)
