"""Collect, the first journey: adapter -> check -> seal -> spool.

Reads one feed's period out of its source, sets problem rows aside, seals the rest as the next revision and leaves it in
the spool. Nothing half-read is ever sealed: totals that a source declares must agree to the fen before the manifest is
signed. Must never open a file, a connection or a key itself: rooms come in as arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.contract import Adapter
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.collect.desk import Desk
from gateway.collect.onward import Place, keep, placed
from gateway.collect.pouring import Poured, Progress, Task, pour
from gateway.collect.scale import require_same_scale
from gateway.collect.worth import require_worth_sending
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealing import new_key, seal_keys, seal_manifest
from gateway.errors import Retry, Settled, Unbalanced, YizhanError
from gateway.journal import enter_missing, landed, last_sealed
from gateway.ledger import Detail, Event, EventKind, Line
from gateway.problems import ProblemWriter
from gateway.records.stream import schema_digest
from gateway.terms import control_totals, entry_name


@dataclass(frozen=True, kw_only=True)
class Collected:
    """A batch that now lies in the spool; `problems` is the book of its problem rows, None when it has none."""

    batch: str
    digest: str
    manifest: Manifest
    problems: Path | None


def collect(task: Task, *, source: Adapter, desk: Desk, progress: Progress) -> Collected:
    """Collect one period of one feed.

    Raises:
        Unchanged: the source holds what was sealed last; nothing is sent.
        Unbalanced, SourceEmpty, ReasonRequired, AmountsJumped: nothing is sent; somebody has to act.
        whatever the adapter raises: nothing is sent.
    """
    desk.spool.sweep()
    enter_missing(desk.spool, desk.ledger, desk.clock)
    with _entered_when_refused(task, desk), placed(task.feed, task.period, task.start, source, desk) as place:
        before = _last(task, task.period, desk)
        return _collect(task, before, place, source, desk, progress)


def _collect(
    task: Task, before: Line | None, place: Place, source: Adapter, desk: Desk, progress: Progress
) -> Collected:
    revision = _next_revision(before)
    key, commitment = new_key(desk.entropy)
    books = desk.books.open(task.feed.id, str(task.period), revision)
    with desk.spool.begin() as draft, books as book:
        payload = PayloadWriter(draft.payload, key, desk.entropy)
        with _kept_when_unbalanced(book):
            poured = pour(task, place, source, payload, book, progress, clock=desk.clock, entropy=desk.entropy)
            require_worth_sending(task, before, place, poured)
        require_same_scale(task, lambda: _last(task, task.period.previous(), desk), poured)
        manifest = _manifest(task, before, poured, payload, commitment, desk.clock())
        manifest_bytes = seal_manifest(manifest, desk.signer)
        keys = seal_keys(manifest_bytes, key, desk.recipients, desk.signer, desk.entropy)
        digest = hashlib.sha256(manifest_bytes).hexdigest()
        kept = book.keep()
        problems = kept if poured.problem.rows else None
        name = entry_name(manifest, digest)
        keep(place, name, poured.cursor, desk)
        detail = _detail(task.feed, poured, manifest)
        desk.ledger.append(landed(name, digest, manifest.created_at, detail=detail, by=task.by))
        draft.commit(name, manifest_bytes, keys)
    enter_missing(desk.spool, desk.ledger, desk.clock)
    return Collected(batch=manifest.batch_id, digest=digest, manifest=manifest, problems=problems)


@contextmanager
def _kept_when_unbalanced(book: ProblemWriter) -> Iterator[None]:
    """Its rows tell the department where the difference may lie: an amount that cannot be read counts nothing."""
    try:
        yield
    except Unbalanced:
        book.keep()
        raise


def _last(task: Task, period: Period, desk: Desk) -> Line | None:
    """The newest batch of the feed that was sealed for a period."""
    return last_sealed(desk.spool, desk.ledger, task.feed.id, str(period))


def _next_revision(before: Line | None) -> int:
    return before.revision + 1 if before else 1


def _manifest(
    task: Task, before: Line | None, poured: Poured, payload: PayloadWriter, commitment: str, created_at: datetime
) -> Manifest:
    """What the department declares about what was poured; a correction says why, who, and what it follows."""
    return Manifest(
        sender=task.feed.department,
        region=task.region,
        feed=task.feed.id,
        period=str(task.period),
        revision=_next_revision(before),
        kind=Kind.CORRECTION if before else Kind.DATA,
        reason=task.reason if before else None,
        by=task.by,
        released_by=None,
        rectification_order=None,
        fields=tuple(ManifestField(name=f.name, type=f.type.value) for f in task.feed.fields),
        schema_digest=schema_digest(task.feed.fields).removeprefix("sha256:"),
        totals=control_totals(poured.accepted),
        extracted=control_totals(poured.extracted),
        problems=ProblemTotals(rows=poured.problem.rows, sums=poured.problem.sums, codes=poured.codes.counts),
        payload=PayloadFacts(digest=payload.digest, size=payload.size),
        key_commitment=commitment,
        recipients=task.feed.routes,
        reconciliation=poured.reconciliation,
        landed_at=poured.landed_at,
        created_at=created_at,
        previous=before.digest if before else None,
    )


def _detail(feed: Feed, poured: Poured, manifest: Manifest) -> Detail:
    sums = dict(poured.extracted.sums)
    return Detail(
        rows=poured.extracted.rows,
        problem=poured.problem.rows,
        fen=sums[feed.amount] if feed.amount else None,
        size=manifest.payload.size,
        payload=manifest.payload.digest,
        content=poured.content,
    )


@contextmanager
def _entered_when_refused(task: Task, desk: Desk) -> Iterator[None]:
    """Whatever stops the journey stands in the ledger, with its code, before the caller hears of it."""
    try:
        yield
    except YizhanError as stopped:
        event = Event(
            at=desk.clock(),
            kind=_kind_of(stopped),
            feed=task.feed.id,
            period=str(task.period),
            code=stopped.code,
            by=task.by,
        )
        desk.ledger.append(event)
        raise


def _kind_of(stopped: YizhanError) -> EventKind:
    match stopped:
        case Unbalanced():
            return EventKind.UNBALANCED
        case Retry():
            return EventKind.DEFERRED
        case Settled():
            return EventKind.DUPLICATE
        case _:
            return EventKind.REFUSED
