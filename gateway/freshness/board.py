"""The boards: what is open now, what was owed in a span of time, and all there ever was.

They choose the periods and have each judged; it must never matter whether, when or how often a job ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from gateway.calendar import Cadence, Period
from gateway.catalogue import Catalogue, Feed
from gateway.freshness.facts import Attempt, Facts
from gateway.freshness.forecast import Habit, foresee
from gateway.freshness.judging import judge, keeps
from gateway.freshness.listing import Owing, within
from gateway.freshness.row import Row, State

_NOTHING = Facts()
_SETTLED = (State.EXEMPT, State.OVERDUE)

Choice = Callable[[Feed, Facts], tuple[Period, ...]]


def board(catalogue: Catalogue, facts: Facts, at: datetime) -> tuple[Row, ...]:
    """Every feed's open and latest periods as they stood at `at` (aware), using only what was known then.

    Ordered by department as in the catalogue, then feed, then period; which periods, see `Owing.listed`.
    """
    return tuple(_rows(catalogue, facts, at, Owing(at).listed))


def obligations(catalogue: Catalogue, facts: Facts, at: datetime, span: Period) -> tuple[Row, ...]:
    """Every feed's every owed period whose last day lies in `span`, in the same order, judged at `at` in the same way.

    Of an event it is the event's own day. Exempt periods are among them, and those that have not ended yet.
    """
    return tuple(_rows(catalogue, facts, at, lambda feed, known: within(feed, known, span)))


def every_period(catalogue: Catalogue, facts: Facts, at: datetime) -> tuple[Row, ...]:
    """As `board`, with every period that was ever owed or reported."""
    return tuple(_rows(catalogue, facts, at, Owing(at).whole))


def last_attempts(facts: Facts, at: datetime) -> Mapping[str, Attempt]:
    """By feed: what was tried last by then, and the code if it failed."""
    last = ((feed, known.known_at(at).last_attempt) for feed, known in facts.by_feed.items())
    return {feed: one for feed, one in last if one is not None}


def _rows(catalogue: Catalogue, facts: Facts, at: datetime, choice: Choice) -> Iterator[Row]:
    place = {department.id: i for i, department in enumerate(catalogue.departments)}
    for feed in sorted(catalogue.feeds, key=lambda feed: place[feed.department]):
        known = facts.by_feed.get(feed.id, _NOTHING).known_at(at)
        yield from _judged(feed, known, choice(feed, known), at)


def _judged(feed: Feed, known: Facts, periods: tuple[Period, ...], at: datetime) -> Iterator[Row]:
    habits: dict[Cadence, Habit | None] = {}
    for period in periods:
        row = judge(feed, period, known.by_period.get(period, _NOTHING), at)
        if _foreseeable(row, at):
            if period.cadence not in habits:
                habits[period.cadence] = Habit.of(feed, known, period.cadence)
            habit = habits[period.cadence]
            row = replace(row, forecast=foresee(feed, row, habit, at)) if habit else row
        yield row


def _foreseeable(row: Row, at: datetime) -> bool:
    """It has begun, is owed and not late, and nothing has come."""
    return row.receipted_at is None and row.state not in _SETTLED and keeps(row.due, at) and row.period.moment <= at
