"""A front-end's own account of its batches: what has landed and been sealed, in the ledger's words.

Spool and ledger are two stores, and a power cut may fall between them. So a batch is entered twice: `landed`, with all
that is to be known of it, before the spool has it, and `sealed` once the spool has it; `held` too, if it came to lie
there to be reviewed. What was cut off in between is entered here before anything else is done. Must never move an
entry, nor enter one that did not land here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.spool import Entry, EntryName, Spool, State, mark_of

Clock = Callable[[], datetime]


def last_sealed(spool: Spool, ledger: Ledger, feed: str, period: str) -> Line | None:
    """The ledger's line of the newest revision sealed for a period; what lies among the dead does not count.

    A batch that was refused for good never arrived: what is sealed after it takes its place and its revision.
    """
    dead = dead_marks(spool)
    lines = (
        line
        for line in ledger.lines(kind=EventKind.SEALED)
        if (line.feed, line.period) == (feed, period) and mark_of(line.digest) not in dead
    )
    return max(lines, key=lambda line: line.revision, default=None)


def dead_marks(spool: Spool) -> set[str]:
    """The marks of the entries that were refused for good."""
    return {entry.name.mark for entry in spool.entries(State.DEAD)}


def sealed_digest(ledger: Ledger, name: EntryName) -> str | None:
    """The digest under which an entry was sealed, whatever its files say now; None if the ledger knows of no such."""
    lines = ledger.lines(batch=name.batch, kind=EventKind.SEALED)
    return next((line.digest for line in lines if mark_of(line.digest) == name.mark), None)


def enter_missing(spool: Spool, ledger: Ledger, clock: Clock) -> None:
    """Enter `sealed` for every batch that landed, lies in the spool, and has no such line yet; then `held`."""
    _enter_sealed(spool, ledger, clock)
    _enter_held(spool, ledger, clock)


def _enter_sealed(spool: Spool, ledger: Ledger, clock: Clock) -> None:
    known = {line.digest for line in ledger.lines(kind=EventKind.SEALED)}
    landed = [line for line in ledger.lines(kind=EventKind.LANDED) if line.digest not in known]
    names = {entry.name.mark: entry.name for entry in spool.entries()} if landed else {}
    for line in landed:
        name = names.get(mark_of(line.digest))
        if name is not None:
            ledger.append_once(_line(name, line.digest, clock(), EventKind.SEALED, line.said, None, line.by))


def _enter_held(spool: Spool, ledger: Ledger, clock: Clock) -> None:
    """A batch sealed into `held` has not been decided about yet; whoever answers for it answers for this line."""
    held = {entry.name.mark: entry.name for entry in spool.entries(State.HELD)}
    if not held:
        return
    decided = {line.digest for kind in (EventKind.HELD, EventKind.RELEASED) for line in ledger.lines(kind=kind)}
    for line in ledger.lines(kind=EventKind.SEALED):
        name = held.get(mark_of(line.digest))
        if name is not None and line.digest not in decided:
            ledger.append_once(_line(name, line.digest, clock(), EventKind.HELD, Detail(), None, line.by))


def landed(name: EntryName, digest: str, at: datetime, *, detail: Detail, by: str | None) -> Event:
    """The line that says what is about to be sealed into the spool under this name."""
    return _line(name, digest, at, EventKind.LANDED, detail, None, by)


def about_name(
    name: EntryName,
    digest: str | None,
    at: datetime,
    kind: EventKind,
    *,
    detail: Detail | None = None,
    code: str | None = None,
) -> Event:
    """A line about a batch, wherever its entry lies by now."""
    return _line(name, digest, at, kind, detail or Detail(), code, None)


def about(
    entry: Entry,
    digest: str | None,
    at: datetime,
    kind: EventKind,
    *,
    detail: Detail | None = None,
    code: str | None = None,
    by: str | None = None,
) -> Event:
    """A line about one entry of the spool."""
    return _line(entry.name, digest, at, kind, detail or Detail(), code, by)


def _line(
    name: EntryName, digest: str | None, at: datetime, kind: EventKind, detail: Detail, code: str | None, by: str | None
) -> Event:
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
        detail=detail,
    )
