"""Content: what a batch put into the warehouse, as one SHA-256 for each span of its rows.

Computed while loading and again by fsck from the tables, so a row edited in place is found and located. The digests
go into the batch's record and, through the ledger, under the head that the signed receipt quotes. Pure.

Format of a span's digest: SHA-256 over, for each column from the row number on: the validity of its values as packed
bits; then for integers the values (8 bytes little-endian, 0 for null), for text the byte lengths (4 bytes
little-endian, 0 for null) and the UTF-8 bytes. A span is 1,024 row numbers; one without loaded rows is 32 zero bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.warehouse.shape import ROW

SPAN = 1_024
_SIZE = 32


class Content:
    """Gathers stored batches (see FeedShape.to_stored), rows in ascending order, into the digests of their spans."""

    def __init__(self) -> None:
        self._digests: dict[int, bytes] = {}
        self._open = 0
        self._pieces: list[pa.RecordBatch] = []

    def add(self, stored: pa.RecordBatch) -> None:
        """Take the next rows."""
        for span, piece in _by_span(stored):
            if span != self._open:
                self._close()
            self._open = span
            self._pieces.append(piece)

    def finish(self) -> Mapping[int, bytes]:
        """The digest of each span that has rows."""
        self._close()
        return self._digests

    def _close(self) -> None:
        if self._pieces:
            self._digests[self._open] = _digest(self._pieces)
            self._pieces = []


def joined(digests: Mapping[int, bytes]) -> bytes:
    """All digests, 32 bytes each, by span, up to the last that has rows."""
    return b"".join(digests.get(span, bytes(_SIZE)) for span in range(max(digests, default=-1) + 1))


def differing(expected: bytes, found: bytes) -> Iterator[tuple[int, int]]:
    """First and last row number of each span whose digests differ."""
    for at in range(0, max(len(expected), len(found)), _SIZE):
        if (expected[at : at + _SIZE] or bytes(_SIZE)) != (found[at : at + _SIZE] or bytes(_SIZE)):
            first = at // _SIZE * SPAN + 1
            yield first, first + SPAN - 1


def _by_span(stored: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    if not stored.num_rows:
        return
    spans = (stored.column(ROW).to_numpy() - 1) // SPAN
    starts = np.flatnonzero(np.diff(spans, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(spans)], strict=True):
        yield int(spans[start]), stored.slice(start, end - start)


def _digest(pieces: Iterable[pa.RecordBatch]) -> bytes:
    digest = hashlib.sha256()
    for column in pa.Table.from_batches(pieces).combine_chunks().columns:
        for part in _canonical(pa.concat_arrays(column.chunks)):
            digest.update(part)
    return digest.digest()


def _canonical(values: pa.Array) -> Iterator[bytes | memoryview]:
    yield np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_integer(values.type):
        yield np.ascontiguousarray(values.fill_null(0).to_numpy(), dtype="<i8").tobytes()
        return
    filled = values.fill_null("")
    yield np.ascontiguousarray(pc.binary_length(filled).to_numpy(), dtype="<i4").tobytes()
    _, offsets, text = filled.buffers()
    if text is not None:
        bounds = np.frombuffer(offsets, dtype="<i4")[filled.offset : filled.offset + len(filled) + 1]
        yield memoryview(text)[bounds[0] : bounds[-1]]
