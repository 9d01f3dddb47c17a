"""The record stream: checked batches as one Arrow IPC stream with zstd buffers, exactly of the feed's schema.

Owns the payload's plaintext format. Reading is strict: another schema, an invalid value, a missing end mark or bytes
after it are refused. It must never close the file it is given, and never hold more than one batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from gateway.errors import RecordsMalformed
from gateway.records.types import BATCH_ROWS, Column, target_schema

MAX_BATCH_BYTES = 256 << 20
"""A batch whose buffers say they hold more is refused after reading; senders write at most `BATCH_ROWS` rows each."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # Arrow columnar format, IPC streaming format: end-of-stream


class Sink(Protocol):
    """A binary file open for writing."""

    def write(self, data: bytes, /) -> int: ...


class Source(Protocol):
    """A binary file open for reading."""

    def read(self, size: int, /) -> bytes: ...


class RecordWriter:
    """Writes batches to a sink; used in a `with`, it writes the end mark on success only.

    A stream broken off by an exception has no end mark, so no reader takes it for a whole one.
    """

    def __init__(self, sink: Sink, columns: Sequence[Column]) -> None:
        self.schema = target_schema(columns)
        self._writer = pa.ipc.new_stream(pa.PythonFile(_Unclosed(sink), "w"), self.schema, options=_OPTIONS)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows of a batch of exactly the feed's schema.

        Raises:
            ValueError: the batch has another schema; it did not come from the checks.
        """
        if not batch.schema.equals(self.schema):
            raise ValueError("the batch does not have the feed's schema")
        for begin in range(0, batch.num_rows, BATCH_ROWS):
            self._writer.write_batch(batch.slice(begin, BATCH_ROWS))

    def close(self) -> None:
        """Write the end mark; the sink stays open."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()


def read_records(source: Source, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
    """The batches of one stream, in order, one at a time.

    Raises:
        RecordsMalformed: not an Arrow stream, another schema, invalid values, no end mark, or bytes after it. Batches
            before the fault have been handed out: nothing read here counts before the iteration has ended.
    """
    tail = _Tail(source)
    try:
        reader = pa.ipc.open_stream(pa.PythonFile(tail, "r"))
        _require_schema(reader.schema, columns)
        for batch in reader:
            _require_valid(batch)
            yield batch
    except pa.ArrowInvalid:
        raise RecordsMalformed(reason_zh="不是有效的 Arrow 数据流", reason_en="not a valid Arrow stream") from None
    except OSError:
        if not tail.ended:  # the source's own trouble, not the stream's
            raise
        raise RecordsMalformed(reason_zh="数据流不完整", reason_en="the stream breaks off") from None
    if tail.last != _END or source.read(1):
        raise RecordsMalformed(reason_zh="数据流没有正常结束", reason_en="the stream does not end where it must")


def schema_digest(columns: Iterable[Column]) -> str:
    """`sha256:` and 64 hex digits over names, meanings, Arrow types and nullability, in order."""
    columns = tuple(columns)
    schema = target_schema(columns)
    facts = [[c.name, c.type.value, str(f.type), f.nullable] for c, f in zip(columns, schema, strict=True)]
    canonical = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode('ascii')).hexdigest()}"


def _require_schema(found: pa.Schema, columns: Sequence[Column]) -> None:
    if not found.equals(target_schema(columns), check_metadata=True):
        raise RecordsMalformed(reason_zh="列与归集事项不符", reason_en="the columns are not the feed's")


def _require_valid(batch: pa.RecordBatch) -> None:
    if batch.num_rows > BATCH_ROWS or batch.nbytes > MAX_BATCH_BYTES:
        raise RecordsMalformed(reason_zh="批次超过限额", reason_en="a batch passes the limit")
    batch.validate(full=True)
    if any(batch.column(at).null_count and not field.nullable for at, field in enumerate(batch.schema)):
        raise RecordsMalformed(reason_zh="必填列含空值", reason_en="a required column holds nulls")


class _Unclosed:
    """The caller's sink without its `close`: pyarrow closes what it is given."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self.write = sink.write

    def flush(self) -> None:
        """Bringing it to the disk is the caller's."""


class _Tail:
    """The caller's source without its `close`: whole reads, the last bytes remembered, its end noticed."""

    closed = False

    def __init__(self, source: Source) -> None:
        self._source = source
        self.last = b""
        self.ended = False

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        while data and len(data) < size:  # pyarrow takes a short read for the end
            more = self._source.read(size - len(data))
            if not more:
                break
            data += more
        self.ended = len(data) < size
        self.last = (self.last + data[-len(_END) :])[-len(_END) :]
        return data
