"""An opened file as batches: connect, wait until it is ready, read it once, check that it stayed the same.

Imported only when a source is opened, so that a machine without paramiko can still read the catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import chain

import paramiko
import pyarrow as pa

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets, assemble
from adapters.sftp.config import SftpConfig
from adapters.sftp.delimited import Parsed, parse
from adapters.sftp.layout import Head, read_head, read_totals
from adapters.sftp.lines import Block, LineError, WithoutLast, blocks
from adapters.sftp.remote import Look, Pieces, expect_marker, expect_same, look, settled
from adapters.sftp.session import connected
from gateway.errors import SourceMalformed


def open_file(config: SftpConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    path = request.fill(config.path)
    with ExitStack() as stack:
        client = stack.enter_context(connected(config, secrets, request))
        if config.marker is not None:
            expect_marker(client, request.fill(config.marker), request)
        seen = settled(client, path, config.stable_seconds, request)
        reading = _Reading(client=client, path=path, seen=seen, config=config, request=request)
        return Extraction(
            request=request,
            facts=(("file", path), ("bytes", str(seen.size)), ("changed_at", seen.changed_at)),
            batches=reading.batches(),
            resources=stack.pop_all(),
        )


class _Reading:
    def __init__(
        self, *, client: paramiko.SFTPClient, path: str, seen: Look, config: SftpConfig, request: Request
    ) -> None:
        self._client, self._path, self._seen = client, path, seen
        self._config, self._request = config, request
        self._digest = hashlib.sha256()

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        try:
            declared = yield from self._records()
        except LineError as error:
            where = f"{self._path}:{error.line}"
            facts = {"where": where, "reason_zh": error.zh, "reason_en": error.en}
            raise SourceMalformed(feed=self._request.feed, **facts) from None
        expect_same(self._seen, look(self._client, self._path, self._request), self._path, self._request)
        return Outcome(declared=declared, facts=(("sha256", self._digest.hexdigest()),))

    def _records(self) -> Generator[pa.RecordBatch, None, Declared | None]:
        totals = self._config.totals
        body = WithoutLast(blocks(self._bytes(), self._config.encoding)) if totals and totals.line == "last" else None
        stream = iter(body) if body is not None else blocks(self._bytes(), self._config.encoding)
        head = read_head(next(stream, Block(first=1, raw=b"")), self._config, self._request)
        yield from self._parsed(head, stream)
        if totals is None or body is None:
            return head.declared
        return read_totals(body.line or b"", body.number, totals, self._config, self._request)

    def _parsed(self, head: Head, stream: Iterator[Block]) -> Iterator[pa.RecordBatch]:
        for block in chain([head.rest], stream):
            batch = _batch(parse(block, head.layout), self._request)
            for start in range(0, batch.num_rows, self._request.batch_rows):
                yield batch.slice(start, self._request.batch_rows)

    def _bytes(self) -> Iterator[bytes]:
        for piece in Pieces(self._client, self._path, self._seen.size, self._request):
            self._digest.update(piece)
            yield piece


def _batch(parsed: Parsed, request: Request) -> pa.RecordBatch:
    """The records of one block in the contract's shape; those that could not be read come last, with their fault."""
    bad = len(parsed.faulty)
    lines = pa.concat_arrays([pa.array(parsed.lines), pa.array([line for line, _ in parsed.faulty], pa.int64())])
    faults = pa.concat_arrays(
        [pa.nulls(len(parsed.lines), pa.utf8()), pa.array([f for _, f in parsed.faulty], pa.utf8())]
    )
    values = [pa.concat_arrays([column, pa.nulls(bad, pa.utf8())]) if bad else column for column in parsed.columns]
    return assemble(request.columns, lines.cast(pa.utf8()), faults, values)
