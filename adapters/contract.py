"""What an adapter is: a configuration, a probe, and one reading of a source as a stream of Arrow batches.

Owns the shapes that cross between a journey and a source. Must never import a driver, know one kind of source,
or bend a value: an adapter hands over what the source holds, and the records room judges it.

A batch's columns, in this order:

* `_position`  utf8, never null: where the row stands in its source, for a person to find it ("12", "page 3 row 5");
* `_fault`     utf8: null, or a `Fault` word when the row itself could not be read; its fields are then all null;
* one column for every `Column` of the request, in order, named by its `name`: either of the field's own Arrow type,
  or utf8 holding the text still to be parsed. A column keeps its type through one extraction. Missing is null.

The rules every adapter keeps (a third party's too):

* each record exactly once, in a stable order; the same request gives the same rows;
* one unreadable record is a row with a fault, never dropped, never logged; a source that cannot be read exactly as a
  whole is `SourceMalformed`;
* a source that is down is `Retry`, a refused log-in is `Refuse`; no driver exception leaves the adapter;
* memory depends on `batch_rows`, never on the size of the source;
* `close()` frees the connection at any moment; no secret and no person's data in a repr, message or log line.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import ClassVar, Protocol, Self

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from adapters.secrets import SecretRef, Secrets
from gateway.errors import AdapterBroken, CollectingStopped, DriverMissing, LimitExceeded
from gateway.records.types import BATCH_ROWS, FAULT, POSITION, Column, Fault

__all__ = [
    "FAULT",
    "POSITION",
    "Adapter",
    "AdapterConfig",
    "Column",
    "Declared",
    "Extraction",
    "Fault",
    "Outcome",
    "Probe",
    "Request",
    "SecretRef",
    "Secrets",
    "assemble",
    "cut_off",
    "expect_drivers",
    "glance",
]


_WATCH_SECONDS = 0.1


class AdapterConfig(BaseModel):
    """A feed's `source:` block. Subclasses add `adapter: Literal[...]` and their keys.

    `connection_keys` are the department's own (host, account, references to secrets): they come from the site's
    overrides, so the catalogue may lack them; every other key is the feed's layout and belongs to the catalogue.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    connection_keys: ClassVar[frozenset[str]] = frozenset()

    adapter: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One reading that a journey asks for.

    Attributes:
        columns: the feed's fields, in the order the batches must have.
        period, start, end: the data period as text and as dates; `end` is exclusive.
        cursor: what the last reading returned, or None for everything of the period.
        deadline: an instant of `time.monotonic()`; the whole reading ends before it.
        max_rows, max_bytes: limits of the whole reading; bytes are Arrow's own, uncompressed.
        cancelled: set by another thread to stop the reading soon.
    """

    feed: str
    columns: tuple[Column, ...]
    period: str
    start: date
    end: date
    deadline: float
    max_rows: int
    max_bytes: int
    cursor: str | None = None
    batch_rows: int = BATCH_ROWS
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def remaining(self) -> float:
        """Seconds left, more than zero; to be asked before every wait and passed on as its timeout.

        Raises:
            LimitExceeded: the deadline has passed.
            CollectingStopped: `cancelled` is set.
        """
        if self.cancelled.is_set():
            raise CollectingStopped(feed=self.feed)
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LimitExceeded(feed=self.feed, limit_zh="采集时间到", limit_en="the time allowed is over")
        return left

    @property
    def expired(self) -> bool:
        """Whether `remaining` would raise; for a watchdog thread, which must not."""
        return self.cancelled.is_set() or self.deadline <= time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, but not past the deadline nor past a cancellation. Raises: as `remaining`."""
        self.cancelled.wait(min(seconds, self.remaining()))
        self.remaining()

    def fill(self, template: str) -> str:
        """A pattern with the period put in: `{period} {yyyymm} {yyyy} {mm} {q}`, all of the period's first day."""
        first = self.start
        names = {
            "{period}": self.period,
            "{yyyymm}": f"{first:%Y%m}",
            "{yyyy}": f"{first:%Y}",
            "{mm}": f"{first:%m}",
            "{q}": str((first.month + 2) // 3),
        }
        for name, value in names.items():
            template = template.replace(name, value)
        return template


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the source itself says it holds: rows, and sums in fen by field name. None or absent: it does not say."""

    rows: int | None = None
    sums: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Known once the last row is read. `facts` add to those known at the start (a file's digest, pages read)."""

    declared: Declared | None = None
    cursor: str | None = None
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


class Adapter(Protocol):
    """One kind of source.

    Class attributes:
        kind: the name in the catalogue's `adapter:` key and of the entry point.
        extra: the extra of the distribution that brings the drivers (`pip install 'yizhan[extra]'`).
        drivers: the modules that have to be importable; they are imported when a source is opened, not before.
        Config: the `source:` block.
    """

    kind: ClassVar[str]
    extra: ClassVar[str]
    drivers: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[AdapterConfig]]

    def __init__(self, config: AdapterConfig, secrets: Secrets) -> None: ...

    def probe(self, request: Request) -> Probe:
        """Connect and look at the first rows. Raises: as `extract`."""
        ...

    def extract(self, request: Request) -> Extraction:
        """Open the source.

        Raises:
            SourceUnavailable, SourceNotReady: try again later.
            SourceDenied, HostKeyUnknown, SourceMalformed, LimitExceeded, DriverMissing: somebody has to act.
        """
        ...


def expect_drivers(adapter: type[Adapter] | Adapter) -> None:
    """To be called before the driver's own import. Raises: DriverMissing, naming the extra that brings it."""
    for module in adapter.drivers:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise DriverMissing(adapter=adapter.kind, extra=adapter.extra, package=module) from error


@contextmanager
def cut_off(request: Request, action: Callable[[], object]) -> Iterator[None]:
    """Run `action` from a watchdog thread once the deadline passes or somebody cancels: for a driver that cannot be
    given a deadline of its own. The action has to make the call inside the `with` fail.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_WATCH_SECONDS):
            if request.expired:
                action()
                return

    watcher = threading.Thread(target=watch, name="yizhan-deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


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
