"""Pouring: a source read to its end, checked, and written into a payload and a problem book, batch by batch.

Memory holds one batch, never a feed. Must never judge whether the whole is worth sending; that is `worth`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from adapters.contract import Adapter, Declared, Request
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.collect.desk import Entropy
from gateway.collect.onward import From, Place
from gateway.collect.reconciled import fiscal_batches
from gateway.envelope.fiscal import FiscalBatch
from gateway.envelope.payload import PayloadWriter
from gateway.journal import Clock
from gateway.problems import ProblemWriter
from gateway.records.check import Checker
from gateway.records.problems import Problem, Tally
from gateway.records.stream import RecordWriter
from gateway.records.totals import Totals

Progress = Callable[[int], None]
"""`progress(rows)`: rows read so far."""

_SALT = 32


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to collect. A revision after r1 needs `reason` and `by` (seed rule, Art. 20: corrections leave a trace).

    Attributes:
        by: who answers for it, as typed. collector: who stands in for `by` on a first push nobody attends.
        order: number of the rectification order under which it may go into a closed year.
        start: for an increment, where its reading starts.
    """

    feed: Feed
    region: str
    period: Period
    reason: str | None = None
    by: str | None = None
    collector: str | None = None
    order: str | None = None
    start: From = From.BOOKMARK


@dataclass(frozen=True, kw_only=True)
class Poured:
    """What went through the checks; `content` is a SHA-256 of the plaintext stream and the problem rows, for
    this node's eyes only.

    Attributes:
        cursor: where the reading ended, None where the source knows no cursor.
        reconciliation: what the source's own reconciliation came to, None where it has none.
    """

    extracted: Totals
    accepted: Totals
    problem: Totals
    codes: Tally
    declared: Declared | None
    content: str
    cursor: str | None
    reconciliation: tuple[FiscalBatch, ...] | None
    landed_at: datetime


def pour(
    task: Task,
    place: Place,
    source: Adapter,
    payload: PayloadWriter,
    book: ProblemWriter,
    progress: Progress,
    *,
    clock: Clock,
    entropy: Entropy,
) -> Poured:
    """Run the whole source through the checks: good rows into the payload, problems into the book."""
    feed = task.feed
    checker = Checker(feed.fields, key=feed.key, salt=entropy(_SALT), adapter=feed.adapter)
    sink = _Hashed(payload)
    extracted = accepted = problem = Totals.zero(feed.fields)
    codes = Tally()
    with source.extract(request_for(task, place.start, clock())) as extraction:
        with payload, RecordWriter(sink, feed.fields) as records:
            for batch in extraction:
                checked = checker.check(batch)
                records.write(checked.good)
                book.add(batch, checked)
                sink.also(checked.problems)
                if place.rows is not None:
                    place.rows.add(batch, checked.problems)
                extracted, accepted = extracted + checked.extracted, accepted + checked.accepted
                problem, codes = problem + checked.problem, codes + Tally.of(checked.problems)
                progress(extracted.rows)
        return Poured(
            extracted=extracted,
            accepted=accepted,
            problem=problem,
            codes=codes,
            declared=extraction.declared,
            content=sink.digest(),
            cursor=extraction.cursor,
            reconciliation=fiscal_batches(extraction.figures),
            landed_at=clock(),
        )


def pour_nothing(feed: Feed, payload: PayloadWriter, clock: Clock) -> Poured:
    """What a source without a row would have come to: a payload without a record."""
    none, sink = Totals.zero(feed.fields), _Hashed(payload)
    with payload, RecordWriter(sink, feed.fields):
        pass
    return Poured(
        extracted=none,
        accepted=none,
        problem=none,
        codes=Tally(),
        declared=None,
        content=sink.digest(),
        cursor=None,
        reconciliation=None,
        landed_at=clock(),
    )


class _Hashed:
    """A sink that takes the SHA-256 of what passes through it, and of the problem rows that do not."""

    def __init__(self, sink: PayloadWriter) -> None:
        self._sink = sink
        self._hash, self._aside = hashlib.sha256(), hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        return self._sink.write(data)

    def also(self, problems: Iterable[Problem]) -> None:
        """A source that differs in its bad rows alone is another content too: the department has to hear of it."""
        for one in problems:
            self._aside.update(f"{one.position}\n{one.field}\n{one.code}\n{one.masked}\n".encode())

    def digest(self) -> str:
        return hashlib.sha256(self._hash.digest() + self._aside.digest()).hexdigest()


def request_for(task: Task, cursor: str | None = None, at: datetime | None = None) -> Request:
    """What the source is asked for: from `cursor` on, `at` the moment the reading begins."""
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
        cursor=cursor,
        at=at,
    )
