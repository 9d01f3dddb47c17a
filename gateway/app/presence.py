"""What a node knows of itself, for heartbeats and metrics: its spool, its disk, its certificates, its last attempts.

Reads the node's own stores, with the node's own clock; a front-end tells its centres. Must never judge.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from gateway.app.rooms import FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.errors import EntryDamaged, SpoolUnavailable, YizhanError
from gateway.inbox import SharedEntry, SharedInbox
from gateway.keys import KeyRing
from gateway.ledger import EventKind, Ledger, Line
from gateway.presence import MAX_LISTED, Attempt, Certificate, DiskFacts, HeldPeriod, Report, SpoolFacts, encode
from gateway.spool import Entry, Spool, State, mark_of
from gateway.transport import Hearing, Patience

HEARTBEAT = Patience(attempts=2, first=1.0, answer=20.0)
"""The next heartbeat is as good as a third attempt."""
_WAITING = (State.READY, State.INFLIGHT, State.HELD, State.DEAD)
_SUCCEEDED = (EventKind.SEALED, EventKind.RECEIPTED, EventKind.DUPLICATE)
_FAILED = (EventKind.REFUSED, EventKind.DEFERRED, EventKind.UNBALANCED)
_HOLDING = (EventKind.HELD, EventKind.RETRIED)


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What one centre was told, and what it said; or the error that kept it from hearing."""

    centre: str
    report: Report
    hearing: Hearing | None
    error: YizhanError | None


def report_for(node: FrontEnd, centre: str) -> Report:
    """What a front-end says to one centre: all about itself, and of its feeds those that go there first.

    Raises: StoreUnavailable, SpoolUnavailable, KeyFileUnreadable.
    """
    mine = {feed.id for feed in node.feeds if feed.path[0] == centre}
    whole = _report(node)
    return replace(
        whole,
        attempts=_newest([one for one in whole.attempts if one.feed in mine]),
        held=tuple(sorted((one for one in whole.held if one.feed in mine), key=lambda one: one.since)[:MAX_LISTED]),
    )


def beat(node: FrontEnd) -> Iterator[Beat]:
    """Tell every first centre of the node's feeds how the node fares; one that cannot be told spares no other.

    Raises: what `report_for` raises.
    """
    for centre in first_centres(node.feeds):
        yield _tell(node, centre, report_for(node, centre))


def _tell(node: FrontEnd, centre: str, report: Report) -> Beat:
    try:
        with node.connect(centre, HEARTBEAT) as client:
            return Beat(centre=centre, report=report, hearing=client.heartbeat(encode(report)), error=None)
    except YizhanError as error:
        return Beat(centre=centre, report=report, hearing=None, error=error)


def first_centres(feeds: Iterable[Feed]) -> tuple[str, ...]:
    """The centres that a front-end delivers to itself, each once, in the order of its feeds."""
    return tuple(dict.fromkeys(feed.path[0] for feed in feeds))


def spool_facts(kept: Spool | SharedInbox, ledger: Ledger, at: datetime) -> SpoolFacts:
    """What waits in a node's spool, or in its inbox; see SpoolFacts. `at`: now, by the node's clock.

    Since when is what the node's ledger says, not the file system, whose clock is another. An entry of which the ledger
    has no line yet came at `at`.
    """
    entries = kept.entries(*_WAITING)
    count = {state: sum(one.state is state for one in entries) for state in _WAITING}
    queued = [_came(one, ledger) or at for one in entries if one.state in (State.READY, State.INFLIGHT)]
    held = [_held_since(one, ledger) or at for one in entries if one.state is State.HELD]
    return SpoolFacts(
        ready=count[State.READY],
        inflight=count[State.INFLIGHT],
        held=count[State.HELD],
        dead=count[State.DEAD],
        bytes=sum(_size(one) for one in entries),
        oldest_at=min(queued, default=None),
        held_since=min(held, default=None),
    )


def held_periods(spool: Spool, ledger: Ledger, at: datetime) -> tuple[HeldPeriod, ...]:
    """The feeds' periods of which something waits for a reviewer now, by feed and period."""
    since: dict[tuple[str, str], datetime] = {}
    for entry in spool.entries(State.HELD):
        lane, moment = (entry.name.feed, entry.name.period), _held_since(entry, ledger) or at
        since[lane] = min(moment, since.get(lane, moment))
    return tuple(
        HeldPeriod(feed=feed, period=Period.parse(period), since=moment)
        for (feed, period), moment in sorted(since.items())
    )


def last_attempts(lines: Iterable[Line]) -> tuple[Attempt, ...]:
    """The last attempt of each feed that a front-end's ledger lines, in order, tell of; by feed."""
    last: dict[str, Attempt] = {}
    for line in lines:
        if line.feed and line.period and line.event in (*_SUCCEEDED, *_FAILED):
            code = line.code if line.event in _FAILED else None
            last[line.feed] = Attempt(feed=line.feed, period=Period.parse(line.period), at=line.moment, code=code)
    return tuple(last[feed] for feed in sorted(last))


def disk_facts(place: Path) -> DiskFacts:
    """The file system that a directory lies on. Raises SpoolUnavailable."""
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        raise SpoolUnavailable(action_zh="查询磁盘空间", action_en="ask for disk space", errno="?") from None
    return DiskFacts(free=usage.free, total=usage.total)


def certificates(keys: KeyRing) -> tuple[Certificate, ...]:
    """Every certificate file of `keys/` but people's, by name: when the first certificate in it ends.

    Raises: KeyFileUnreadable.
    """
    return tuple(Certificate(name=name, not_after=ends) for name, ends in keys.expiries())


def _report(node: FrontEnd) -> Report:
    at = node.clock()
    return Report(
        version=version("yizhan"),
        spool=spool_facts(node.spool, node.ledger, at),
        disk=disk_facts(node.site.root),
        certificates=certificates(node.keys)[:MAX_LISTED],
        attempts=last_attempts(_attempts_told(node.ledger)),
        held=held_periods(node.spool, node.ledger, at),
    )


def _attempts_told(ledger: Ledger) -> Sequence[Line]:
    told = (line for kind in (*_SUCCEEDED, *_FAILED) for line in ledger.lines(kind=kind))
    return sorted(told, key=lambda line: line.seq)


def _newest(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    newest = sorted(attempts, key=lambda one: one.at, reverse=True)[:MAX_LISTED]
    return tuple(sorted(newest, key=lambda one: one.feed))


def _came(entry: Entry | SharedEntry, ledger: Ledger) -> datetime | None:
    return next((line.moment for line in _lines(entry, ledger)), None)


def _held_since(entry: Entry | SharedEntry, ledger: Ledger) -> datetime | None:
    """Since it was held last, or taken up again after it had been given up; else since it came."""
    lines = list(_lines(entry, ledger))
    holding = [line.moment for line in lines if line.event in _HOLDING]
    return holding[-1] if holding else next((line.moment for line in lines), None)


def _lines(entry: Entry | SharedEntry, ledger: Ledger) -> Iterator[Line]:
    lines = ledger.lines(batch=entry.name.batch)
    return (line for line in lines if mark_of(line.digest or "") == entry.name.mark)


def _size(entry: Entry | SharedEntry) -> int:
    """0 of one that moved on, or was spoilt, while it was looked at."""
    try:
        return entry.size or 0
    except (EntryDamaged, SpoolUnavailable):
        return 0
