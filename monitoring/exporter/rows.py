"""Rows of the board as points, judged again only where something can have changed.

A row changes when something has come for its feed, or when the clock passes one of its moments. Owns that rule, and its
bound: nothing on the board is older than ten minutes, whatever else it may depend on. It must never judge: the
freshness room does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.calendar import ASIA_SHANGHAI, deadline_words
from gateway.catalogue import Catalogue, Feed
from gateway.freshness import Attempt, Facts, Row, State, WaiverKind, board, keeps
from monitoring.exporter import metrics as m
from monitoring.exporter.point import Point

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_OLDEST = timedelta(minutes=10)
_TURNS = 10
_FEN = Decimal("0.01")
_NOTHING = Facts()


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What was made of a feed's facts at `since`, and the moment from which it may be wrong."""

    facts: Facts
    since: datetime
    until: datetime
    points: tuple[Point, ...]
    attempt: Attempt | None

    def holds(self, facts: Facts, at: datetime) -> bool:
        """Whether it is what would be made now."""
        return self.facts is facts and self.since <= at < self.until


class Rows:
    """The points of one catalogue's feeds; asked again and again, by one thread."""

    def __init__(self, owed: Catalogue) -> None:
        self._owed = owed
        self._judged: dict[str, _Judged] = {}

    def points(self, facts: Facts, at: datetime) -> Iterator[Point]:
        """Every feed's, as they stand at `at` (aware)."""
        known = facts.by_feed
        again = [feed for feed in self._owed.feeds if self._is_old(feed, known.get(feed.id, _NOTHING), at)]
        self._judge(again, facts, at)
        for feed in self._owed.feeds:
            yield from self._judged[feed.id].points

    @property
    def attempts(self) -> Mapping[str, Attempt]:
        """By feed, the last attempt that this node saw, as of the last `points`."""
        return {feed: judged.attempt for feed, judged in self._judged.items() if judged.attempt is not None}

    def _is_old(self, feed: Feed, facts: Facts, at: datetime) -> bool:
        judged = self._judged.get(feed.id)
        return judged is None or not judged.holds(facts, at)

    def _judge(self, feeds: Sequence[Feed], facts: Facts, at: datetime) -> None:
        rows: Mapping[str, list[Row]] = defaultdict(list)
        for row in board(replace(self._owed, feeds=tuple(feeds)), facts, at):
            rows[row.feed].append(row)
        for turn, feed in enumerate(feeds):
            known = facts.by_feed.get(feed.id, _NOTHING)
            points = tuple(point for row in rows[feed.id] for point in _row(feed, row))
            until = min(_moments(rows[feed.id], known, at))
            oldest = at + _OLDEST * (1 + turn % _TURNS) / _TURNS  # not all of them at the same scrape
            self._judged[feed.id] = _Judged(
                facts=known, since=at, until=min(until, oldest), points=points, attempt=known.known_at(at).last_attempt
            )


def _moments(rows: Iterable[Row], facts: Facts, at: datetime) -> Iterator[datetime]:
    """What the clock has yet to pass: the end of the day, dues, reminders, and events that are still to happen."""
    today = at.astimezone(ASIA_SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    yield today + _DAY
    for row in rows:
        yield from (moment for moment in (row.due + _SECOND, *(rung.at for rung in row.reminders)) if moment > at)
    yield from (one.period.moment for one in facts.occurrences if one.period.moment > at)


def _row(feed: Feed, row: Row) -> Iterator[Point]:
    place = row.feed, row.department, str(row.period)
    rule = feed.schedule.rule_of(row.period)
    yield Point(m.PERIOD_INFO, (*place, deadline_words(row.due, "zh"), rule.article), 1)
    if row.waiver is None or row.waiver.kind is not WaiverKind.EXEMPT:
        yield Point(m.PERIOD_DUE, place, row.due.timestamp())
    for step, rung in enumerate(row.reminders, 1):
        yield Point(m.PERIOD_REMIND, (*place, str(step), str(rung.days)), rung.at.timestamp())
    yield Point(m.PERIOD_STATE, (*place, row.state), 1)
    yield Point(m.PERIOD_BALANCED, place, row.state is not State.UNBALANCED)
    if row.held_since is not None:
        yield Point(m.PERIOD_HELD, place, row.held_since.timestamp())
    if row.forecast is not None:
        yield Point(m.PERIOD_FORECAST_LATE, place, row.forecast.late)
    if row.receipted_at is not None:
        yield from _arrived(row, place)


def _arrived(row: Row, place: tuple[str, str, str]) -> Iterator[Point]:
    for metric, moment in ((m.PERIOD_RECEIPTED, row.receipted_at), (m.PERIOD_LANDED, row.landed_at)):
        if moment is not None:
            yield Point(metric, place, moment.timestamp())
    if row.state is not State.EXEMPT and row.decided_at is not None:
        yield Point(m.PERIOD_ON_TIME, place, keeps(row.due, row.decided_at))
    yield Point(m.PERIOD_REVISION, place, row.revision or 0)
    yield Point(m.PERIOD_ROWS, place, row.rows or 0)
    yield Point(m.PERIOD_PROBLEM_ROWS, place, row.problem_rows or 0)
    if row.amount is not None:
        yield Point(m.PERIOD_AMOUNT, place, float(row.amount * _FEN))
