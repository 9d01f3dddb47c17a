"""The book of exemptions and extensions: entering and withdrawing them, in the ledger, in one transaction each.

A period is exempt under one approval, or has its due moved by one after another, of which the last counts. Must never
judge a period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, Engine

from gateway.calendar import Period
from gateway.calendar import until as in_words
from gateway.catalogue import Feed
from gateway.database import alone, writing
from gateway.errors import (
    EventUnknown,
    ExtensionTooShort,
    LedgerTextRefused,
    WaiverSpanInvalid,
    WaiverStands,
    WaiverUnknown,
)
from gateway.freshness import Waiver, WaiverKind
from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.waivers.authority import Authority
from gateway.waivers.decisions import DECISIONS, waivers_in
from gateway.waivers.events import not_owed, occurrences_in


@dataclass(frozen=True, kw_only=True)
class Span:
    """Periods of one feed, `first` to `last`, both included."""

    feed: Feed
    first: Period
    last: Period

    def periods(self) -> tuple[Period, ...]:
        """Each of them. Raises: WaiverSpanInvalid, PeriodNotOwed."""
        feed = self.feed
        for one in (self.first, self.last):
            if not feed.schedule.fits(one) or one.moment < feed.starts.moment:
                raise not_owed(feed, one)
        if self.first == self.last:
            return (self.first,)
        if feed.schedule.event_driven or self.last.start < self.first.start:
            raise WaiverSpanInvalid(feed=feed.id, first=self.first, last=self.last)
        return tuple(feed.schedule.periods(self.first, self.last.end))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person says of it. number: of the approval. by: who approved. reason: why.

    Raises:
        LedgerTextRefused: a number or reason that is blank, or has blanks around it and would be another number.
    """

    number: str
    by: str
    reason: str

    def __post_init__(self) -> None:
        for column in ("number", "reason"):
            text = getattr(self, column)
            if not text or text != text.strip():
                raise LedgerTextRefused(column=column)


@dataclass(frozen=True, kw_only=True)
class WaiverBook:
    """The decisions known to one node; `engine` is the database its ledger lies in."""

    authority: Authority
    ledger: Ledger
    engine: Engine
    clock: Callable[[], datetime]

    def waivers(self, connection: Connection | None = None) -> tuple[Waiver, ...]:
        """Every decision ever entered, in order."""
        kinds = (self.ledger.lines(kind=kind, connection=connection) for kind in DECISIONS)
        return waivers_in(sorted(chain.from_iterable(kinds), key=_place))

    def exempt(self, span: Span, decision: Decision) -> int:
        """The periods need not be reported. Gives how many were entered; those that stand so already are not again.

        Raises:
            DutyMissing, PeriodNotOwed, WaiverSpanInvalid, LedgerTextRefused; EventUnknown: nobody entered the event;
            WaiverStands: another exemption does.
        """
        return self._enter(span, decision, None)

    def extend(self, span: Span, decision: Decision, until: datetime) -> int:
        """The periods have until `until`, that second included. Gives how many were entered.

        Raises:
            as `exempt`; ExtensionTooShort: the rule gives as long; WaiverStands: it is exempt, or has another end
            under this number.
        """
        for period in span.periods():
            due = span.feed.schedule.due(period)
            if until <= due:
                written = {"until": in_words(until), "due": in_words(due)}
                raise ExtensionTooShort(feed=span.feed.id, period=period, **written)
        return self._enter(span, decision, until)

    def withdraw(self, span: Span, decision: Decision) -> int:
        """The decision of this number no longer holds for the periods. Again: nothing changes. Gives how many ended.

        Raises:
            DutyMissing, PeriodNotOwed, WaiverSpanInvalid, LedgerTextRefused; WaiverUnknown: none of that number was
            ever entered for one of them.
        """
        self.authority.require(decision.by)
        periods = span.periods()
        with writing(self.engine) as connection:
            alone(connection, f"waivers {span.feed.id}")
            now = self.clock()  # whoever waited decides no earlier than whom he waited for
            known = [one for one in self.waivers(connection) if _named(one, span, decision)]
            for period in periods:
                if all(one.period != period for one in known):
                    raise WaiverUnknown(feed=span.feed.id, period=period, number=decision.number)
            standing = [one.period for one in known if one.withdrawn_at is None and one.period in periods]
            for period in standing:
                self.ledger.append(_event(now, EventKind.WITHDRAWN, span.feed, period, decision, None), connection)
        return len(standing)

    def _enter(self, span: Span, decision: Decision, until: datetime | None) -> int:
        self.authority.require(decision.by)
        periods = span.periods()
        kind = EventKind.EXEMPTED if until is None else EventKind.EXTENDED
        with writing(self.engine) as connection:
            alone(connection, f"waivers {span.feed.id}")
            now = self.clock()
            self._require_happened(span, connection)
            standing = [one for one in self.waivers(connection) if one.withdrawn_at is None]
            wanted = tuple(_missing(span.feed, periods, decision, until, standing))
            for period in wanted:
                self.ledger.append(_event(now, kind, span.feed, period, decision, until), connection)
        return len(wanted)

    def _require_happened(self, span: Span, connection: Connection) -> None:
        """A wrong minute would decide about nothing, and leave the event owed. Raises: EventUnknown."""
        if not span.feed.schedule.event_driven:
            return
        known = occurrences_in(self.ledger.lines(kind=EventKind.OCCURRED, connection=connection))
        if not any((one.feed, one.period) == (span.feed.id, span.first) for one in known):
            raise EventUnknown(feed=span.feed.id, period=span.first)


def _missing(
    feed: Feed, periods: tuple[Period, ...], decision: Decision, until: datetime | None, standing: list[Waiver]
) -> Iterator[Period]:
    """The periods for which the decision is new. Raises: WaiverStands."""
    for period in periods:
        here = [one for one in standing if (one.feed, one.period) == (feed.id, period)]
        same = [one for one in here if one.number == decision.number]
        if any(one.until != until for one in same):
            raise WaiverStands(feed=feed.id, period=period, number=decision.number)
        exempt = [one for one in here if one.kind is WaiverKind.EXEMPT and one not in same]
        if exempt:
            raise WaiverStands(feed=feed.id, period=period, number=exempt[0].number)
        if not same:
            yield period


def _event(
    at: datetime, kind: EventKind, feed: Feed, period: Period, decision: Decision, until: datetime | None
) -> Event:
    end = until.isoformat() if until else None
    said = Detail(number=decision.number, reason=decision.reason, until=end)
    return Event(at=at, kind=kind, feed=feed.id, period=str(period), by=decision.by, detail=said)


def _named(one: Waiver, span: Span, decision: Decision) -> bool:
    return (one.feed, one.number) == (span.feed.id, decision.number)


def _place(line: Line) -> int:
    return line.seq
