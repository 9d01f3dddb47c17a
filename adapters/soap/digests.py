"""Whether two pages hold the same rows, however the network cut them into batches. Keeps 16 bytes a page, no value."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class PageDigest:
    """Of the fields of one page, fed batch by batch; the positions are not part of it."""

    def __init__(self, columns: int) -> None:
        self._hashes = [hashlib.blake2b(digest_size=16) for _ in range(2 * columns)]

    def take(self, batch: pa.RecordBatch) -> None:
        """Two hashes a column, of lengths (null is -1) and of characters."""
        for place, column in enumerate(batch.columns[2:]):
            lengths = pc.fill_null(pc.binary_length(column), -1)
            self._hashes[2 * place].update(lengths.to_numpy(zero_copy_only=False).astype("<i4").tobytes())
            self._hashes[2 * place + 1].update(_characters(column))

    @property
    def value(self) -> bytes:
        return hashlib.blake2b(b"".join(one.digest() for one in self._hashes), digest_size=16).digest()


def _characters(column: pa.Array) -> memoryview:
    """The texts one after the other; a null takes no place in what Arrow gathers."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[[column.offset, column.offset + len(column)]]
    return memoryview(data)[ends[0] : ends[1]] if data is not None else memoryview(b"")
