"""Acknowledge, the fourth journey: receipt -> the source is told what became of its rows.

A front library (前置库) keeps a sign beside each row: ready, taken, refused. It is set here and nowhere else, once the
centre's receipt stands in the ledger, and only for rows that are still what was delivered. Nothing that fails here
undoes a delivery: the digests stay, and the next run tells the source again. Must never open a connection or a key
itself, and never read a value: it deals in digests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from adapters.contract import Acknowledges, Adapter, Request
from gateway.bookmarks import Bookmark, Bookmarks
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.errors import BookmarkDamaged, MarkingDeferred, MarkingRefused, Retry, YizhanError
from gateway.journal import Clock, about_name, dead_marks, enter_missing
from gateway.ledger import Detail, EventKind, Ledger, Line
from gateway.spool import Spool, mark_of


@dataclass(frozen=True, kw_only=True)
class Counter:
    """The rooms of a front-end that acknowledging needs; `source` gives a feed's source, not yet connected."""

    spool: Spool
    ledger: Ledger
    bookmarks: Bookmarks
    source: Callable[[Feed], Adapter]
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """What became of one delivered batch: how many rows its source marked, or the error that stopped it.

    Attributes:
        batch: None where the feed's bookmarks cannot be read at all.
    """

    feed: str
    batch: str | None
    rows: int | None
    error: YizhanError | None


def acknowledge(feeds: Iterable[Feed], counter: Counter) -> Iterator[Acknowledged]:
    """Tell the sources of all delivered batches that were not told yet, a feed's batches in the order of their seals.

    A feed that somebody else is collecting or acknowledging is left to them.
    """
    enter_missing(counter.spool, counter.ledger, counter.clock)
    for feed in feeds:
        if not counter.bookmarks.holds_rows(feed.id):
            continue
        hold = counter.bookmarks.try_alone(feed.id)
        if hold is not None:
            with hold:
                yield from _acknowledge(feed, counter)


def _acknowledge(feed: Feed, counter: Counter) -> Iterator[Acknowledged]:
    """A batch waits for those before it: what is said of a row must be the last that was delivered."""
    try:
        waiting = _waiting(feed, counter)
    except BookmarkDamaged as damaged:
        yield Acknowledged(feed=feed.id, batch=None, rows=None, error=damaged)
        return
    receipted = _lines(counter.ledger, EventKind.RECEIPTED)
    for place, bookmark in enumerate(waiting):
        line = receipted.get(bookmark.name.mark)
        if line is None:
            continue
        told = _tell(feed, bookmark, waiting[place + 1 :], line, counter)
        yield told
        if told.error is not None:
            return


def _waiting(feed: Feed, counter: Counter) -> list[Bookmark]:
    """Batches whose rows may still be spoken of, in the order of their seals; what was told already is cleared away."""
    told = _lines(counter.ledger, EventKind.ACKNOWLEDGED)
    sealed = _lines(counter.ledger, EventKind.SEALED)
    dead = dead_marks(counter.spool)
    waiting = []
    for bookmark in counter.bookmarks.awaiting(feed.id):
        mark = bookmark.name.mark
        if mark in told:  # we died between the line and the clearing
            counter.bookmarks.forget_rows(bookmark.name)
        elif mark in sealed and mark not in dead:
            waiting.append(bookmark)
    return sorted(waiting, key=lambda bookmark: sealed[bookmark.name.mark].seq)


def _tell(feed: Feed, bookmark: Bookmark, later: list[Bookmark], line: Line, counter: Counter) -> Acknowledged:
    name = bookmark.name
    try:
        source = counter.source(feed)
        rows = 0
        if isinstance(source, Acknowledges) and source.marking:
            verdicts = counter.bookmarks.verdicts(bookmark, later, feed.fields)
            rows = source.acknowledge(_request(feed, bookmark, counter), verdicts)
    except YizhanError as cause:
        kind = MarkingDeferred if isinstance(cause, Retry) else MarkingRefused
        error = kind(feed=feed.id, cause=cause.code)
        event = about_name(name, line.digest, counter.clock(), EventKind.UNACKNOWLEDGED, code=cause.code)
        counter.ledger.append(event)
        return Acknowledged(feed=feed.id, batch=name.batch, rows=None, error=error)
    detail = Detail(rows=rows)
    counter.ledger.append(about_name(name, line.digest, counter.clock(), EventKind.ACKNOWLEDGED, detail=detail))
    counter.bookmarks.forget_rows(name)
    return Acknowledged(feed=feed.id, batch=name.batch, rows=rows, error=None)


def _request(feed: Feed, bookmark: Bookmark, counter: Counter) -> Request:
    """The reading in which the rows were delivered, once more."""
    period, limits = Period.parse(bookmark.name.period), feed.limits
    return Request(
        feed=feed.id,
        columns=feed.fields,
        period=str(period),
        start=period.start,
        end=period.end,
        deadline=time.monotonic() + limits.seconds,
        max_rows=limits.rows,
        max_bytes=limits.bytes,
        cursor=bookmark.start,
        at=counter.clock(),
    )


def _lines(ledger: Ledger, kind: EventKind) -> dict[str, Line]:
    return {mark_of(line.digest): line for line in ledger.lines(kind=kind) if line.digest}
