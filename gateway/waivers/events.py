"""Events of event-driven feeds: each makes one period owed, from its minute on.

Must never invent one: what nobody entered and nobody reported is owed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.database import alone, writing
from gateway.errors import EventToCome, NotEventDriven, PeriodNotOwed
from gateway.freshness import Occurrence
from gateway.ledger import Event, EventKind, Ledger, Line
from gateway.waivers.authority import Authority


@dataclass(frozen=True, kw_only=True)
class EventBook:
    """The events known to one node; `engine` is the database its ledger lies in."""

    authority: Authority
    ledger: Ledger
    engine: Engine
    clock: Callable[[], datetime]

    def record(self, feed: Feed, happened: datetime, by: str) -> Occurrence:
        """Enter an event that happened at `happened` (aware; its minute counts). Again: the one entered first.

        Raises:
            DutyMissing, NotEventDriven, EventToCome, LedgerTextRefused; PeriodNotOwed: before the feed's first.
        """
        self.authority.require(by)
        if not feed.schedule.event_driven:
            cadence = feed.schedule.newest.cadence
            raise NotEventDriven(feed=feed.id, cadence_zh=cadence.zh, cadence_en=cadence.en)
        period = Period.of_event(happened)
        if period.moment > self.clock():
            raise EventToCome(feed=feed.id, at=period)
        if period.moment < feed.starts.moment:
            raise not_owed(feed, period)
        with writing(self.engine) as connection:
            alone(connection, f"event {feed.id} {period}")
            known = occurrences_in(self.ledger.lines(kind=EventKind.OCCURRED, connection=connection))
            for one in known:
                if (one.feed, one.period) == (feed.id, period):
                    return one
            now = self.clock()
            self.ledger.append(
                Event(at=now, kind=EventKind.OCCURRED, feed=feed.id, period=str(period), by=by), connection
            )
        return Occurrence(feed=feed.id, period=period, at=now)


def not_owed(feed: Feed, period: Period) -> PeriodNotOwed:
    """The refusal of a period that is none of the feed's, or lies before its first."""
    cadence = feed.schedule.rule_of(period).cadence
    said = {"cadence_zh": cadence.zh, "cadence_en": cadence.en}
    return PeriodNotOwed(feed=feed.id, period=period, starts=feed.starts, **said)


def occurrences_in(lines: Iterable[Line]) -> tuple[Occurrence, ...]:
    """Every event the lines tell of, in order; other lines are passed over."""
    return tuple(
        Occurrence(feed=line.feed or "", period=Period.parse(line.period or ""), at=line.moment)
        for line in lines
        if line.event == EventKind.OCCURRED
    )
