"""Collect, the first journey: adapter -> check -> seal -> spool.

Reads one feed's period out of its source, sets problem rows aside, seals the rest as the next revision and leaves it in
the spool. Nothing half-read is ever sealed: totals that a source declares must agree to the fen before the manifest is
signed. Must never open a file, a connection or a key itself: rooms come in as arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.contract import Adapter
from gateway.calendar import Period
from gateway.collect.desk import Desk
from gateway.collect.onward import Place, keep, placed
from gateway.collect.permit import Permit, permit_for
from gateway.collect.pouring import Progress, Task, pour
from gateway.collect.refusals import entered_when_refused
from gateway.collect.scale import require_same_scale
from gateway.collect.sealing import Content, put, seal
from gateway.collect.worth import require_worth_sending
from gateway.envelope.manifest import Kind, Manifest
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealing import new_key
from gateway.errors import Unbalanced
from gateway.journal import enter_missing, last_sealed
from gateway.ledger import Line
from gateway.problems import ProblemWriter
from gateway.spool import State


@dataclass(frozen=True, kw_only=True)
class Collected:
    """A batch that now lies in the spool.

    Attributes:
        state: ready to be delivered, or held until a reviewer releases it.
        problems: the book of its problem rows, None when it has none.
    """

    batch: str
    digest: str
    manifest: Manifest
    state: State
    problems: Path | None


def collect(task: Task, *, source: Adapter, desk: Desk, progress: Progress) -> Collected:
    """Collect one period of one feed.

    Raises:
        Unchanged: the source holds what was sealed last; nothing is sent.
        PeriodFrozen, CollectorRequired and all else that `permit_for` raises: the source was not even asked.
        Unbalanced, SourceEmpty, ReasonRequired, AmountsJumped: nothing is sent; somebody has to act.
        whatever the adapter raises: nothing is sent.
    """
    desk.spool.sweep()
    enter_missing(desk.spool, desk.ledger, desk.clock)
    with entered_when_refused(task, desk), placed(task.feed, task.period, task.start, source, desk) as place:
        before = _last(task, task.period, desk)
        permit = permit_for(task, before, desk)
        return _collect(task, before, permit, place, source, desk, progress)


def _collect(
    task: Task, before: Line | None, permit: Permit, place: Place, source: Adapter, desk: Desk, progress: Progress
) -> Collected:
    key, commitment = new_key(desk.entropy)
    books = desk.books.open(
        task.feed,
        str(task.period),
        before.revision + 1 if before else 1,
        previous=before.revision if before else None,
        at=desk.clock(),
        entropy=desk.entropy,
    )
    with desk.spool.begin() as draft, books as book:
        payload = PayloadWriter(draft.payload, key, desk.entropy)
        with _kept_when_unbalanced(book):
            poured = pour(task, place, source, payload, book, progress, clock=desk.clock, entropy=desk.entropy)
            require_worth_sending(task, before, place, poured)
        require_same_scale(task, lambda: _earlier(task, desk), poured)
        content = Content(poured=poured, payload=payload, key=key, commitment=commitment)
        sealed = seal(task, Kind.CORRECTION if before else Kind.DATA, before, permit, content, desk)
        kept = book.keep()
        keep(place, sealed.name, poured.cursor, desk)
        put(draft, sealed, permit, poured, desk)
    enter_missing(desk.spool, desk.ledger, desk.clock)
    return Collected(
        batch=sealed.manifest.batch_id,
        digest=sealed.digest,
        manifest=sealed.manifest,
        state=permit.state,
        problems=kept if poured.problem.rows else None,
    )


@contextmanager
def _kept_when_unbalanced(book: ProblemWriter) -> Iterator[None]:
    """Its rows tell the department where the difference may lie: an amount that cannot be read counts nothing."""
    try:
        yield
    except Unbalanced:
        book.keep()
        raise


def _earlier(task: Task, desk: Desk) -> Line | None:
    """The newest batch that was sealed for the period before; an event has none before it."""
    schedule = task.feed.schedule
    return None if schedule.event_driven else _last(task, schedule.before(task.period), desk)


def _last(task: Task, period: Period, desk: Desk) -> Line | None:
    """The newest batch of the feed that was sealed for a period."""
    return last_sealed(desk.spool, desk.ledger, task.feed.id, str(period))
