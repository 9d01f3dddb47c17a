"""Collect, the first journey: adapter -> check -> seal -> spool.

Reads one feed's period out of its source, sets problem rows aside, seals the rest as the next revision and leaves it in
the spool. Nothing half-read is ever sealed: totals that a source declares must agree to the fen before the manifest is
signed. Must never open a file, a connection or a key itself: rooms come in as arguments.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.contract import Adapter, Declared, Request
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals
from gateway.envelope.parties import Signer
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealing import new_key, seal_keys, seal_manifest
from gateway.errors import ReasonRequired, Retry, Settled, SourceEmpty, Unbalanced, Unchanged, YizhanError
from gateway.journal import Clock, enter_missing, landed, last_sealed
from gateway.ledger import Detail, Event, EventKind, Ledger, Line
from gateway.problems import ProblemBooks, ProblemWriter
from gateway.records.check import Checker
from gateway.records.problems import Tally
from gateway.records.stream import RecordWriter, schema_digest
from gateway.records.totals import Totals, to_yuan
from gateway.spool import EntryName, Spool

Entropy = Callable[[int], bytes]
Progress = Callable[[int], None]
"""`progress(rows)`: rows read so far."""

_SALT = 32


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to collect. A revision after r1 needs `reason` and `by` (seed rule, Art. 20: corrections leave a trace)."""

    feed: Feed
    region: str
    period: Period
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The rooms of a front-end that collecting needs.

    Attributes:
        recipients: the encryption certificate (DER) of each centre on the feed's route, in that order.
        clock: aware now. entropy: `n` secret random bytes.
    """

    spool: Spool
    ledger: Ledger
    books: ProblemBooks
    signer: Signer
    recipients: Sequence[bytes]
    clock: Clock
    entropy: Entropy


@dataclass(frozen=True, kw_only=True)
class Collected:
    """A batch that now lies in the spool; `problems` is the book of its problem rows, None when it has none."""

    batch: str
    digest: str
    manifest: Manifest
    problems: Path | None


@dataclass(frozen=True, kw_only=True)
class _Poured:
    """What went through the checks; `content` is the SHA-256 of the plaintext stream, for this node's eyes only."""

    extracted: Totals
    accepted: Totals
    problem: Totals
    codes: Tally
    declared: Declared | None
    content: str
    landed_at: datetime


def collect(task: Task, *, source: Adapter, desk: Desk, progress: Progress) -> Collected:
    """Collect one period of one feed.

    Raises:
        Unchanged: the source holds what was sealed last; nothing is sent.
        Unbalanced, SourceEmpty, ReasonRequired: nothing is sent; somebody has to act.
        whatever the adapter raises: nothing is sent.
    """
    desk.spool.sweep()
    enter_missing(desk.spool, desk.ledger, desk.clock)
    before = last_sealed(desk.spool, desk.ledger, task.feed.id, str(task.period))
    with _entered_when_refused(task, desk):
        return _collect(task, before, source, desk, progress)


def _collect(task: Task, before: Line | None, source: Adapter, desk: Desk, progress: Progress) -> Collected:
    revision = before.revision + 1 if before else 1
    key, commitment = new_key(desk.entropy)
    books = desk.books.open(task.feed.id, str(task.period), revision)
    with desk.spool.begin() as draft, books as book:
        payload = PayloadWriter(draft.payload, key, desk.entropy)
        poured = _pour(task, source, payload, book, desk, progress)
        _require_worth_sending(task, before, poured)
        manifest = Manifest(
            sender=task.feed.department,
            region=task.region,
            feed=task.feed.id,
            period=str(task.period),
            revision=revision,
            kind=Kind.CORRECTION if before else Kind.DATA,
            reason=task.reason if before else None,
            by=task.by,
            released_by=None,
            rectification_order=None,
            fields=tuple(ManifestField(name=f.name, type=f.type.value) for f in task.feed.fields),
            schema_digest=schema_digest(task.feed.fields).removeprefix("sha256:"),
            totals=_control(poured.accepted),
            extracted=_control(poured.extracted),
            problems=ProblemTotals(rows=poured.problem.rows, sums=poured.problem.sums, codes=poured.codes.counts),
            payload=PayloadFacts(digest=payload.digest, size=payload.size),
            key_commitment=commitment,
            recipients=task.feed.routes,
            landed_at=poured.landed_at,
            created_at=desk.clock(),
            previous=before.digest if before else None,
        )
        manifest_bytes = seal_manifest(manifest, desk.signer)
        keys = seal_keys(manifest_bytes, key, desk.recipients, desk.signer, desk.entropy)
        digest = hashlib.sha256(manifest_bytes).hexdigest()
        kept = book.keep() if poured.problem.rows else None
        name = EntryName.of(feed=manifest.feed, period=manifest.period, revision=revision, digest=digest)
        detail = _detail(task.feed, poured, manifest)
        desk.ledger.append(landed(name, digest, manifest.created_at, detail=detail, by=task.by))
        draft.commit(name, manifest_bytes, keys)
    enter_missing(desk.spool, desk.ledger, desk.clock)
    return Collected(batch=manifest.batch_id, digest=digest, manifest=manifest, problems=kept)


def _pour(
    task: Task, source: Adapter, payload: PayloadWriter, book: ProblemWriter, desk: Desk, progress: Progress
) -> _Poured:
    """Run the whole source through the checks: good rows into the payload, problems into the book."""
    feed = task.feed
    checker = Checker(feed.fields, key=feed.key, salt=desk.entropy(_SALT), adapter=feed.adapter)
    sink = _Hashed(payload)
    extracted = accepted = problem = Totals.zero(feed.fields)
    codes = Tally()
    with source.extract(request_for(task)) as extraction:
        with payload, RecordWriter(sink, feed.fields) as records:
            for batch in extraction:
                checked = checker.check(batch)
                records.write(checked.good)
                book.add(checked.problems)
                extracted, accepted = extracted + checked.extracted, accepted + checked.accepted
                problem, codes = problem + checked.problem, codes + Tally.of(checked.problems)
                progress(extracted.rows)
        return _Poured(
            extracted=extracted,
            accepted=accepted,
            problem=problem,
            codes=codes,
            declared=extraction.declared,
            content=sink.digest(),
            landed_at=desk.clock(),
        )


class _Hashed:
    """A sink that takes the SHA-256 of what passes through it."""

    def __init__(self, sink: PayloadWriter) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        return self._sink.write(data)

    def digest(self) -> str:
        return self._hash.hexdigest()


def request_for(task: Task) -> Request:
    """What the source is asked for."""
    limits = task.feed.limits
    return Request(
        feed=task.feed.id,
        columns=task.feed.fields,
        period=str(task.period),
        start=task.period.start,
        end=task.period.end,
        deadline=time.monotonic() + limits.seconds,
        max_rows=limits.rows,
        max_bytes=limits.bytes,
    )


def _require_worth_sending(task: Task, before: Line | None, poured: _Poured) -> None:
    """Raises: SourceEmpty, Unbalanced, Unchanged, ReasonRequired; nothing has been sealed yet."""
    feed, period = task.feed.id, str(task.period)
    if not poured.extracted.rows:
        raise SourceEmpty(feed=feed, period=period)
    _require_balance(task, poured)
    if before is None:
        return
    if before.said.content == poured.content:
        raise Unchanged(feed=feed, period=period, batch=before.batch)
    if not (task.reason and task.by):
        raise ReasonRequired(feed=feed, period=period, batch=before.batch)


def _require_balance(task: Task, poured: _Poured) -> None:
    """What the source declares must be what was read: rows exactly, every declared sum to the fen.

    An amount that cannot be read makes its declared sum impossible to prove, so that is unbalanced too.
    """
    declared, counted = poured.declared, poured.extracted
    if declared is None:
        return
    read = dict(counted.sums)
    unread = {name for name, rows in counted.unreadable if rows}
    wrong = [name for name, fen in declared.sums if read[name] != fen or name in unread]
    if wrong or declared.rows not in (None, counted.rows):
        raise Unbalanced(
            feed=task.feed.id,
            period=str(task.period),
            declared=_figures(declared.rows, declared.sums),
            counted=_figures(counted.rows, tuple((name, read[name]) for name, _ in declared.sums)),
        )


def _figures(rows: int | None, sums: Sequence[tuple[str, int]]) -> str:
    parts = [] if rows is None else [f"{rows} 行/rows"]
    return ", ".join([*parts, *(f"{name} {to_yuan(fen)} 元/yuan" for name, fen in sums)])


def _control(totals: Totals) -> ControlTotals:
    return ControlTotals(rows=totals.rows, sums=totals.sums)


def _detail(feed: Feed, poured: _Poured, manifest: Manifest) -> Detail:
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
