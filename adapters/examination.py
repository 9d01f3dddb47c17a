"""What `yizhan adapter check` asks of a feed's real source: the promises that can be checked without touching it.

Reads only, at most `rows` rows at a time; nothing is filled, stopped or denied, so what needs that is the business of
the contract suite. Its findings hold no value of the source. Must never know a kind of source.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from adapters.conformance import Witness, breach, open_here, secrets_of
from adapters.contract import Adapter, AdapterConfig, Extraction, Request, Secrets
from gateway.errors import AdapterBroken, CollectingStopped, LimitExceeded, YizhanError

ROWS = 100_000
_PROBED = 20
_LOG_LINES = 10_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One promise: kept, broken (`error`), or not judged because the source holds too little (`unjudged`)."""

    name: str
    zh: str
    en: str
    error: AdapterBroken | None = None
    unjudged: bool = False


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is examined: at most `rows` rows of the request, each time by a new adapter.

    Attributes:
        patience: seconds that a closed reading may take to free what it held.
    """

    adapter: type[Adapter]
    config: AdapterConfig
    secrets: Secrets
    request: Request
    rows: int = ROWS
    patience: float = 5.0

    def make(self) -> Adapter:
        return self.adapter(self.config, self.secrets)


class _TooLittle(Exception):
    """The source holds too few rows to judge this."""


def examine(subject: Subject) -> Iterator[Finding]:
    """Every finding, as soon as it is there.

    Raises: what the adapter raises when the source is down, denies us or is malformed: then nothing can be judged.
    """
    examination = _Examination(subject)
    with _overheard(examination.log):
        for name, zh, en, check in _CHECKS:
            yield replace(_judged(subject, lambda check=check: check(examination)), name=name, zh=zh, en=en)


def _judged(subject: Subject, check: Callable[[], None]) -> Finding:
    blank = Finding(name="", zh="", en="")
    try:
        check()
    except _TooLittle:
        return replace(blank, unjudged=True)
    except AdapterBroken as broken:
        return replace(blank, error=broken)
    except YizhanError:
        raise
    except Exception as error:  # noqa: BLE001 - an exception that is not ours and leaves an adapter is itself the finding
        kind = type(error).__name__
        adapter = subject.config.adapter
        return replace(blank, error=breach(adapter, f"抛出了自己的异常 {kind}", f"its own exception {kind} got out"))
    return blank


class _Log(logging.Handler):
    """Keeps what is logged while the checks run, up to a bound, to look for secrets in it; shows it to nobody."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < _LOG_LINES:
            self.lines.append(self.format(record))


@contextmanager
def _overheard(log: _Log) -> Iterator[None]:
    """The root logger at its most talkative, into `log` alone, while the checks run."""
    root = logging.getLogger()
    before, handlers = root.level, root.handlers
    root.handlers = [log]
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(before)
        root.handlers = handlers


class _Examination:
    """The checks, in order; the first reading's digest is kept for the second."""

    def __init__(self, subject: Subject) -> None:
        self._subject, self._kind = subject, subject.config.adapter
        self.log = _Log()
        self._first: Witness | None = None
        self._told: list[str] = []

    def probe(self) -> None:
        seen = self._subject.make().probe(self._subject.request)
        self._told += [repr(seen), repr(seen.facts)]
        if not seen.facts:
            raise breach(self._kind, "试连没有给出数据源的情况", "a probe gives no facts of the source")
        if seen.sample is not None:
            if seen.sample.num_rows > _PROBED:
                raise breach(self._kind, f"试连给出超过 {_PROBED} 行", f"a probe gives more than {_PROBED} rows")
            self._witness().take(seen.sample)

    def shape(self) -> None:
        self._first = self._read()

    def positions(self) -> None:
        self._seen(1).expect_unique_positions()

    def sameness(self) -> None:
        first = self._seen(0)
        if self._read().digest != first.digest:
            raise breach(self._kind, "两次读取结果不同", "two readings of the same request differ")

    def limit(self) -> None:
        most = self._seen(2).rows - 1
        self._expect(LimitExceeded, "超过行数限额而未停止", "the row limit does not stop it", max_rows=most)

    def deadline(self) -> None:
        self._expect(LimitExceeded, "超过时限而未停止", "the deadline does not stop it", deadline=time.monotonic() - 1)

    def cancellation(self) -> None:
        cancelled = threading.Event()
        cancelled.set()
        self._expect(CollectingStopped, "中止而未停止", "a cancellation does not stop it", cancelled=cancelled)

    def closing(self) -> None:
        before = open_here()
        reading = self._open(batch_rows=100)
        next(iter(reading), None)
        reading.close()
        reading.close()
        until = time.monotonic() + self._subject.patience
        while any(now > then for now, then in zip(open_here(), before, strict=True)):
            if time.monotonic() > until:
                raise breach(self._kind, "提前关闭后仍占用连接或线程", "a closed reading keeps a connection or thread")
            time.sleep(0.02)

    def discretion(self) -> None:
        subject = self._subject
        adapter = subject.make()
        told = "".join([*self._told, *self.log.lines, repr(adapter), str(vars(adapter)), repr(subject.config)])
        if any(secret in told for secret in secrets_of(subject.config, subject.secrets)):
            raise breach(self._kind, "口令出现在表示、日志或情况中", "a secret shows in a repr, a log line or a fact")

    def _expect(self, wanted: type[YizhanError], zh: str, en: str, **changes: object) -> None:
        try:
            with self._open(**changes) as reading:
                for _ in reading:
                    pass
        except wanted as stopped:
            self._told += [stopped.message("zh"), repr(stopped), repr(stopped.__cause__)]
            return
        raise breach(self._kind, zh, en)

    def _open(self, **changes: object) -> Extraction:
        request = replace(self._subject.request, **changes)  # type: ignore[arg-type]
        reading = self._subject.make().extract(request)
        self._told += [repr(reading), repr(reading.source_facts)]
        return reading

    def _read(self) -> Witness:
        """The first rows, no more than were allowed."""
        witness, left = self._witness(), self._subject.rows
        with self._open() as reading:
            for batch in reading:
                witness.take(batch.slice(0, left))
                left -= min(left, batch.num_rows)
                if not left:
                    break
            self._told.append(repr(reading.source_facts))
        return witness

    def _witness(self) -> Witness:
        return Witness(adapter=self._kind, columns=tuple(self._subject.request.columns))

    def _seen(self, rows: int) -> Witness:
        """Raises: _TooLittle: fewer rows were read, or reading failed."""
        if self._first is None or self._first.rows < rows:
            raise _TooLittle
        return self._first


_CHECKS: tuple[tuple[str, str, str, Callable[[_Examination], None]], ...] = (
    ("probe", "试连给出情况和前几行", "a probe gives facts and a few rows", _Examination.probe),
    ("shape", "每批的列、类型、位置和故障符合约定", "every batch has the contract's shape", _Examination.shape),
    ("positions", "每行的位置唯一", "every row has a position of its own", _Examination.positions),
    ("same", "同一请求两次读取相同", "the same request gives the same rows", _Examination.sameness),
    ("rows", "超过行数限额即停止", "the row limit stops it", _Examination.limit),
    ("deadline", "超过时限即停止", "the deadline stops it", _Examination.deadline),
    ("cancelled", "中止即停止", "a cancellation stops it", _Examination.cancellation),
    ("closing", "提前关闭即释放连接", "closing early frees the connection", _Examination.closing),
    ("secrets", "口令不出现在任何表示、日志或情况中", "no secret in a repr, log line or fact", _Examination.discretion),
)
