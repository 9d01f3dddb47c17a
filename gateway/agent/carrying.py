"""Carrying out one instruction, from whatever point an earlier attempt was cut off at.

    collect   the batch this instruction sealed, if it did; else the source is read. Then it is delivered
    release   the reviewer whom the department lets sign for this signs exactly the digest that was reviewed; delivered
    deliver   what was sealed last of the period is delivered
    hold      the batch is stopped

Every step is the journey's own and may be repeated; what was sealed since the instruction began is its work, so nothing
is sealed for it twice. An error that time heals while a batch is under way is no end: the batch lies in the spool, and
the instruction is carried on later. Must never touch an entry, a source or a key itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.agent.folders import Key
from gateway.agent.rooms import Rooms
from gateway.agent.telling import Fault, Teller
from gateway.calendar import Period
from gateway.collect import Task, collect
from gateway.deliver import drain
from gateway.envelope.instruction import Instruction
from gateway.errors import (
    AlreadyReleased,
    BatchRefused,
    EntryBusy,
    EntryUnknown,
    NothingSealed,
    PeriodInvalid,
    ReleaseNotConsented,
    ReleaseOfOtherContent,
    Retry,
    Unchanged,
    YizhanError,
)
from gateway.instructions.report import Advice, Outcome, Stage
from gateway.journal import enter_missing, last_sealed
from gateway.ledger import EventKind, Line
from gateway.orders import accept
from gateway.release import find, hold, release
from gateway.spool import Entry, State, mark_of


@dataclass(frozen=True, kw_only=True)
class Ended:
    """It ended at this stage (None: the one it was at): with what came of it, or with what stopped it."""

    stage: Stage | None
    outcome: Outcome | None
    fault: Fault | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """It goes on later; `error` is what it waits for, None where the agent was told to stop."""

    error: YizhanError | None


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One instruction under way.

    Attributes:
        since: where the ledger ended when it was begun. paper: the rectification order that came with it (DER).
        stopping: whether the agent was told to stop: after each stage.
    """

    key: Key
    said: Instruction
    since: int
    paper: bytes | None
    rooms: Rooms
    teller: Teller
    stopping: Callable[[], bool]


def carry_out(errand: Errand) -> Ended | Waiting:
    """Carry it on as far as it goes now. Raises nothing of the product's own: what stops it is in the answer."""
    acts = {"collect": _collect, "release": _release, "deliver": _deliver_what_waits, "hold": _hold}
    try:
        return acts[errand.said.action](errand)
    except YizhanError as error:
        return Ended(stage=None, outcome=None, fault=Fault.of(error))


def deliver(errand: Errand, line: Line, *, unchanged: bool) -> Ended | Waiting:
    """Have a sealed batch delivered, if it may leave and has not; `line` is that of its seal."""
    rooms = errand.rooms
    tried: YizhanError | None = None
    if errand.stopping():
        return Waiting(error=None)
    if _entry(line, rooms).state in (State.READY, State.INFLIGHT) and not _blocked(line, rooms):
        try:
            errand.teller.stage("delivering", f"开始送达 {line.batch}({line.said.rows or 0} 行)")
            tried = _drain(errand, line)
        except Retry as error:  # our own stores: the batch lies in the spool
            tried = error
    return _as_it_lies(errand, line, tried, unchanged=unchanged)


# --- the actions ------------------------------------------------------------------------------------------------------


def _collect(errand: Errand) -> Ended | Waiting:
    said, rooms = errand.said, errand.rooms
    enter_missing(rooms.spool, rooms.ledger, rooms.clock)
    own = _sealed_since(errand)
    if own is None and not rooms.tray.unchanged(errand.key):
        _read_source(errand)
        own = _sealed_since(errand)
    line = own or last_sealed(rooms.spool, rooms.ledger, said.feed, said.period)
    if line is None:
        raise NothingSealed(feed=said.feed, period=said.period)
    return deliver(errand, line, unchanged=own is None)


def _read_source(errand: Errand) -> None:
    """Seal what the source holds, or keep that it holds nothing new, so that it need not be read again."""
    said, rooms = errand.said, errand.rooms
    if errand.paper is not None:
        accept(errand.paper, rooms.office)
    feed = rooms.catalogue.feed(said.feed)
    errand.teller.stage("collecting", f"开始采集 {said.feed} {said.period}")
    try:
        collect(
            _task(errand), source=rooms.source(feed), desk=rooms.desk(feed), progress=lambda rows: _count(errand, rows)
        )
    except Unchanged:
        rooms.tray.keep_unchanged(errand.key)


def _count(errand: Errand, rows: int) -> None:
    errand.teller.progress(rows)


def _task(errand: Errand) -> Task:
    """Who answers: for a first push the machine's own collector, if it has one; for a correction who asked for it."""
    said, rooms = errand.said, errand.rooms
    feed, period = rooms.catalogue.feed(said.feed), Period.parse(said.period)
    if not feed.schedule.fits(period):
        raise PeriodInvalid(text=said.period, expected=str(feed.starts))
    first = last_sealed(rooms.spool, rooms.ledger, said.feed, said.period) is None
    return Task(
        feed=feed,
        region=rooms.catalogue.department(feed.department).region,
        period=period,
        reason=said.reason,
        by=None if first and rooms.collector else said.by,
        collector=rooms.collector,
        order=said.order,
    )


def _release(errand: Errand) -> Ended | Waiting:
    """Bound to the digest: an entry's name holds its mark, and its files must be what was sealed under that name.

    Raises:
        ReleaseNotConsented, ReleaseOfOtherContent; what `gateway.release.release` raises, but for AlreadyReleased.
    """
    said, rooms = errand.said, errand.rooms
    if said.by not in rooms.releases_by:
        raise ReleaseNotConsented(batch=said.batch, person=said.by)
    find(rooms.spool.entries(), said.batch or "")
    line = _sealed_as(said, rooms)
    try:
        release(str(_entry(line, rooms).name), rooms.signatory(said.by), rooms.gate)
    except AlreadyReleased:
        pass
    except EntryBusy as busy:
        return Waiting(error=busy)
    return deliver(errand, line, unchanged=False)


def _sealed_as(said: Instruction, rooms: Rooms) -> Line:
    """The line under which exactly this digest was sealed here."""
    for line in rooms.ledger.lines(batch=said.batch, kind=EventKind.SEALED):
        if line.digest == said.digest:
            return line
    raise ReleaseOfOtherContent(batch=said.batch)


def _deliver_what_waits(errand: Errand) -> Ended | Waiting:
    said, rooms = errand.said, errand.rooms
    enter_missing(rooms.spool, rooms.ledger, rooms.clock)
    line = last_sealed(rooms.spool, rooms.ledger, said.feed, said.period)
    if line is None:
        raise NothingSealed(feed=said.feed, period=said.period)
    return deliver(errand, line, unchanged=False)


def _hold(errand: Errand) -> Ended | Waiting:
    """One that is held already is held: by this instruction, before it was cut off, or by somebody else.

    Raises:
        ReleaseOfOtherContent: a digest is named, and it is another's. EntryUnknown: it has left, or never was here.
    """
    said, rooms = errand.said, errand.rooms
    rooms.spool.recover()
    batch = str(_entry(_sealed_as(said, rooms), rooms).name) if said.digest else said.batch or ""
    try:
        entry = hold(batch, said.by or said.centre, said.reason or "", rooms.gate)
    except EntryBusy as busy:
        return Waiting(error=busy)
    except EntryUnknown:
        entry = find(rooms.spool.entries(State.HELD, State.INFLIGHT), batch)
    if entry.state is State.INFLIGHT:  # it is being sent at this moment
        return Waiting(error=EntryBusy(name=str(entry.name)))
    sealed = rooms.ledger.lines(batch=entry.name.batch, kind=EventKind.SEALED)
    line = next(one for one in sealed if mark_of(one.digest or "") == entry.name.mark)
    return Ended(stage="held", outcome=_outcome(line, errand, unchanged=False), fault=None)


# --- what became of a batch -------------------------------------------------------------------------------------------


def _sealed_since(errand: Errand) -> Line | None:
    """What was sealed for the period since this instruction was begun, refused for good or not."""
    lane = (errand.said.feed, errand.said.period)
    lines = errand.rooms.ledger.lines(kind=EventKind.SEALED, after=errand.since)
    return max((one for one in lines if (one.feed, one.period) == lane), key=lambda one: one.seq, default=None)


def _entry(line: Line, rooms: Rooms) -> Entry:
    entry = rooms.spool.marked(line.digest or "")
    if entry is None:
        raise EntryUnknown(name=line.batch)
    return entry


def _blocked(line: Line, rooms: Rooms) -> bool:
    """Whether an earlier revision of the period waits for a reviewer: nothing overtakes it."""
    held = rooms.spool.entries(State.HELD)
    return any((one.name.feed, one.name.period) == (line.feed, line.period) for one in held)


def _drain(errand: Errand, line: Line) -> YizhanError | None:
    """Deliver all that is ready, as `yizhan deliver` does; what kept this batch, None if nothing did."""

    def watch(batch: str, offset: int, size: int) -> None:
        if batch == line.batch:
            errand.teller.progress(offset, size)

    kept: YizhanError | None = None
    for one in drain(errand.rooms.post(watch)):
        if one.digest == line.digest:
            kept = one.error
    for error in errand.rooms.afterwards():
        errand.teller.complain(error)
    return kept


def _as_it_lies(errand: Errand, line: Line, tried: YizhanError | None, *, unchanged: bool) -> Ended | Waiting:
    rooms, outcome = errand.rooms, _outcome(line, errand, unchanged=unchanged)
    state = _entry(line, rooms).state
    if state is State.DONE:
        return Ended(stage="receipted", outcome=outcome, fault=None)
    if state is State.DEAD:
        return Ended(stage="delivering", outcome=outcome, fault=Fault.of(tried) if tried else _why_dead(line, rooms))
    if state is State.HELD or _blocked(line, rooms):
        return Ended(stage="held", outcome=outcome, fault=None)
    if tried is not None and not isinstance(tried, Retry):
        return Ended(stage="delivering", outcome=outcome, fault=Fault.of(tried))
    return Waiting(error=tried or EntryBusy(name=line.batch))


def _why_dead(line: Line, rooms: Rooms) -> Fault:
    """Refused in an earlier attempt, of which the ledger has kept the code."""
    refused = rooms.ledger.lines(batch=line.batch, kind=EventKind.REFUSED)
    codes = [one.code for one in refused if one.digest == line.digest and one.code]
    error = BatchRefused(batch=line.batch)
    return Fault(code=codes[-1] if codes else error.code, advice=Advice.of(error))


def _outcome(line: Line, errand: Errand, *, unchanged: bool) -> Outcome:
    """What the seal's line says of the batch."""
    return Outcome(
        batch=line.batch,
        revision=line.revision,
        unchanged=unchanged,
        rows=line.said.rows,
        amount=line.said.fen,
        digest=line.digest,
    )
