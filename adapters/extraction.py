"""One reading under way: batches in the contract's shape, within the limits, and an outcome at the end.

Owns what is held the same way for every adapter. Must never look at a value.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pyarrow as pa

from adapters.figures import Figure
from adapters.request import Request
from gateway.errors import AdapterBroken, LimitExceeded
from gateway.records.types import FAULT, POSITION, Column


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the source itself says it holds: rows, and sums in fen by field name. None or absent: it does not say.

    Attributes:
        facts: what else it states (`deleted_records` of a DBF table); whoever opened it adds them to its own.
    """

    rows: int | None = None
    sums: tuple[tuple[str, int], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Known once the last row is read. `facts` add to those known at the start (a file's digest, pages read).

    `figures` are those of an adapter that reconciles its own source; None of one that does not.
    """

    declared: Declared | None = None
    cursor: str | None = None
    figures: tuple[Figure, ...] | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A first look: facts of the source and its first rows, unmasked (whoever shows them masks them)."""

    facts: tuple[tuple[str, str], ...]
    sample: pa.RecordBatch | None = field(repr=False)


class Extraction:
    """One reading under way: iterate once, close always (it is a context manager), then read the outcome.

    An adapter opens its source, then hands over a generator of batches whose return value is the `Outcome`, and the
    stack of what has to be closed. The row, byte and time limits and the shape of the batches are held here, the same
    for every adapter.
    """

    def __init__(
        self,
        *,
        request: Request,
        facts: tuple[tuple[str, str], ...],
        batches: Generator[pa.RecordBatch, None, Outcome],
        resources: ExitStack,
    ) -> None:
        self._request = request
        self._facts = facts
        self._batches = batches
        self._resources = resources
        self._outcome: Outcome | None = None
        self._iterating = self._metered()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self._iterating

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Free the connection; safe at any moment and any number of times."""
        self._iterating.close()
        self._batches.close()
        self._resources.close()

    @property
    def declared(self) -> Declared | None:
        """The source's own totals, complete once iteration ended. Raises: AdapterBroken before that."""
        return self._ended().declared

    @property
    def cursor(self) -> str | None:
        """Where the next reading starts. Raises: AdapterBroken before iteration ended."""
        return self._ended().cursor

    @property
    def figures(self) -> tuple[Figure, ...] | None:
        """What the source's own reconciliation came to. Raises: AdapterBroken before iteration ended."""
        return self._ended().figures

    @property
    def source_facts(self) -> tuple[tuple[str, str], ...]:
        """Names and sizes for the ledger (file, bytes, changed at): never a secret, never a person's data."""
        return self._facts + (self._outcome.facts if self._outcome else ())

    def _ended(self) -> Outcome:
        if self._outcome is None:
            raise _broken(self._request, "尚未读完就询问结果", "its outcome was asked for before the last row")
        return self._outcome

    def _metered(self) -> Iterator[pa.RecordBatch]:
        rows = size = 0
        first: pa.Schema | None = None
        while True:
            self._request.remaining()
            try:
                batch = next(self._batches)
            except StopIteration as end:
                self._outcome = end.value if isinstance(end.value, Outcome) else Outcome()
                return
            first = first or _expect_shape(self._request, batch.schema)
            if not batch.schema.equals(first):
                raise _broken(self._request, "各批的列类型不一致", "the columns' types changed between batches")
            rows, size = rows + batch.num_rows, size + batch.nbytes
            _hold_limits(self._request, rows, size)
            if batch.num_rows:
                yield batch


def glance(extraction: Extraction, rows: int = 5) -> Probe:
    """A probe made of an extraction: its facts and first rows; the extraction is closed."""
    with extraction:
        first = next(iter(extraction), None)
        return Probe(facts=extraction.source_facts, sample=None if first is None else first.slice(0, rows))


def assemble(
    columns: tuple[Column, ...], positions: pa.Array, faults: pa.Array, values: list[pa.Array]
) -> pa.RecordBatch:
    """A batch in the contract's shape; `values` stand in the order of `columns`."""
    return pa.record_batch([positions, faults, *values], names=[POSITION, FAULT, *(c.name for c in columns)])


def _expect_shape(request: Request, schema: pa.Schema) -> pa.Schema:
    if schema.names != [POSITION, FAULT, *(c.name for c in request.columns)]:
        raise _broken(request, "批的列与归集事项不符", "a batch does not have the feed's columns")
    if schema.field(0).type != pa.utf8() or schema.field(1).type != pa.utf8():
        raise _broken(request, "位置列或故障列类型不对", "the position and fault columns must be utf8")
    for column, found in zip(request.columns, list(schema)[2:], strict=True):
        if found.type not in (pa.utf8(), column.arrow):
            raise _broken(request, f"列 {column.name} 类型不对", f"column {column.name} has a type of its own")
    return schema


def _hold_limits(request: Request, rows: int, size: int) -> None:
    if rows > request.max_rows:
        limit = request.max_rows
        raise LimitExceeded(feed=request.feed, limit_zh=f"超过 {limit} 行", limit_en=f"more than {limit} rows")
    if size > request.max_bytes:
        limit = request.max_bytes
        raise LimitExceeded(feed=request.feed, limit_zh=f"超过 {limit} 字节", limit_en=f"more than {limit} bytes")


def _broken(request: Request, zh: str, en: str) -> AdapterBroken:
    return AdapterBroken(adapter=request.feed, reason_zh=zh, reason_en=en)
