"""A front-end's own account of its batches: what it has sealed, in the ledger's words.

Spool and ledger are two stores, and a power cut may fall between them. The spool is written first and is the truth of
what was sealed; whatever the ledger then lacks is entered here before anything else is done. Must never move an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.spool import Entry, Spool, State

Clock = Callable[[], datetime]


def last_sealed(spool: Spool, ledger: Ledger, feed: str, period: str) -> Line | None:
    """The ledger's line of the newest revision sealed for a period; what lies among the dead does not count.

    A batch that was refused for good never arrived: what is sealed after it takes its place and its revision.
    """
    dead = {entry.digest for entry in spool.entries(State.DEAD)}
    lines = (
        line
        for line in ledger.lines(kind=EventKind.SEALED)
        if (line.feed, line.period) == (feed, period) and line.digest not in dead
    )
    return max(lines, key=lambda line: line.revision, default=None)


def enter_missing(spool: Spool, ledger: Ledger, clock: Clock) -> None:
    """Enter `sealed` for every entry of the spool whose sealing was cut off before the ledger had it."""
    known = {line.digest for line in ledger.lines(kind=EventKind.SEALED)}
    for entry in spool.entries():
        digest = entry.digest
        if digest not in known:
            ledger.append(sealed(entry, digest, clock(), detail=Detail(), by=None))


def sealed(entry: Entry, digest: str, at: datetime, *, detail: Detail, by: str | None) -> Event:
    """The line that says this batch was sealed and lies in the spool."""
    return about(entry, digest, at, EventKind.SEALED, detail=detail, by=by)


def about(
    entry: Entry,
    digest: str,
    at: datetime,
    kind: EventKind,
    *,
    detail: Detail | None = None,
    code: str | None = None,
    by: str | None = None,
) -> Event:
    """A line about one entry of the spool."""
    name = entry.name
    return Event(
        at=at,
        kind=kind,
        batch=name.batch,
        feed=name.feed,
        period=name.period,
        revision=name.revision,
        digest=digest,
        code=code,
        by=by,
        detail=detail or Detail(),
    )
