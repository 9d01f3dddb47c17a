"""What parent and child say to each other, in pickles over a pipe that only the two of them hold.

A pipe between a process and its own child carries no stranger's data; the password goes this way too, so that neither
the argument list nor the environment ever shows it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

import pyarrow as pa

from adapters.contract import Column, Outcome, Request
from adapters.oracle.config import OracleConfig
from gateway.errors import YizhanError


@dataclass(frozen=True, kw_only=True)
class Task:
    """Parent to child, once: a request without its event, its deadline as seconds left."""

    config: OracleConfig
    password: str = field(repr=False)
    client: str | None
    feed: str
    columns: tuple[Column, ...]
    period: str
    start: date
    end: date
    cursor: str | None
    at: datetime | None
    seconds: float
    max_rows: int
    max_bytes: int
    batch_rows: int

    @classmethod
    def of(cls, config: OracleConfig, password: str, request: Request) -> Self:
        return cls(
            config=config, password=password, client=config.client, feed=request.feed, columns=request.columns,
            period=request.period, start=request.start, end=request.end, cursor=request.cursor,
            at=request.at, seconds=request.remaining(), max_rows=request.max_rows, max_bytes=request.max_bytes,
            batch_rows=request.batch_rows,
        )  # fmt: skip

    def request(self) -> Request:
        return Request(
            feed=self.feed, columns=self.columns, period=self.period, start=self.start, end=self.end,
            cursor=self.cursor, at=self.at, deadline=time.monotonic() + self.seconds, max_rows=self.max_rows,
            max_bytes=self.max_bytes, batch_rows=self.batch_rows,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Opened:
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """One batch as an Arrow IPC stream."""

    ipc: bytes = field(repr=False)

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> Self:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return cls(ipc=sink.getvalue().to_pybytes())

    def batch(self) -> pa.RecordBatch:
        with pa.ipc.open_stream(self.ipc) as reader:
            return reader.read_next_batch()


@dataclass(frozen=True, kw_only=True)
class Ended:
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Failed:
    error: YizhanError


Message = Opened | Rows | Ended | Failed
