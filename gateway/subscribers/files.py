"""Rows as a file for another system: CSV (RFC 4180, UTF-8) or Parquet, with the batch and row each came from.

Written to the end and forced to the disk before anyone sees the name. Must never change a value.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from gateway.errors import OutputRefused


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Written:
    """A finished file: SHA-256 in hex, bytes, rows."""

    sha256: str
    size: int
    rows: int


def write_rows(path: Path, ending: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Written:
    """Write a new private file, in the format that `ending` (`.csv`, `.parquet`) names.

    Raises:
        OutputRefused: another ending, or the place cannot be written to.
    """
    rows = 0
    with _created(path, ending) as file:
        writer = _WRITERS[ending](file, schema)
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    return Written(sha256=digest_of(path), size=path.stat().st_size, rows=rows)


def digest_of(path: Path) -> str:
    """SHA-256 in hex. Raises OutputRefused when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise OutputRefused(path=path) from None


def _csv(file: BinaryIO, schema: pa.Schema) -> _Writer:
    """Text is quoted and nothing is not: an empty text and a missing value stay apart."""
    return csv.CSVWriter(file, schema)


def _parquet(file: BinaryIO, schema: pa.Schema) -> _Writer:
    return parquet.ParquetWriter(file, schema, compression="zstd")


_WRITERS = {".csv": _csv, ".parquet": _parquet}
ENDINGS = tuple(_WRITERS)


@contextmanager
def _created(path: Path, ending: str) -> Iterator[BinaryIO]:
    if ending not in _WRITERS:
        raise OutputRefused(path=path.with_suffix(ending))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
    except OSError:
        raise OutputRefused(path=path) from None
