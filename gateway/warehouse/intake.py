"""Intake: the rows of a payload on their way into a table, counted as they pass.

Owns the one hot path: Arrow batch -> stored columns, so many rows at a time that memory does not grow with the payload.
It must never judge a row but for a missing key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.keys import overlong
from gateway.records.totals import Totals
from gateway.warehouse.shape import ROW, FeedShape

_PIECE = 65_536  # rows handed to the database at a time; some 20 MB for 15 columns


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some consecutive rows, as they came and as they are stored."""

    came: pa.RecordBatch
    stored: pa.RecordBatch

    @property
    def rows(self) -> pa.Array:
        """The row numbers."""
        return self.stored.column(ROW)

    def only(self, mask: pa.Array) -> Piece:
        """The rows where `mask` is true."""
        return Piece(came=self.came.filter(mask), stored=self.stored.filter(mask))

    def among(self, rows: Iterable[int]) -> Piece:
        """The rows with these numbers."""
        return self.only(pc.is_in(self.rows, pa.array(rows, pa.int64())))

    def without(self, rows: Iterable[int]) -> Piece:
        """The rows without these numbers."""
        return self.only(pc.invert(pc.is_in(self.rows, pa.array(rows, pa.int64()))))


class Intake:
    """The pieces of a payload, counted; rows without a key, or with one too long, are problems and go no further.

    Attributes:
        counted: totals of what has come so far.
        keyless: of these, the rows that have no key, or one too long to be kept.
    """

    def __init__(self, shape: FeedShape, batches: Iterable[pa.RecordBatch]) -> None:
        self._shape = shape
        self._batches = batches
        self.counted = Totals.zero(shape.columns)
        self.keyless = Totals.zero(shape.columns)

    def pieces(self) -> Iterator[Piece]:
        """Every row with a key that fits, once, in order. Raises PayloadShapeInvalid, and what the source raises."""
        for batch in self._batches:
            self._shape.require(batch)
            for start in range(0, batch.num_rows, _PIECE):
                came = batch.slice(start, _PIECE)
                stored = self._shape.to_stored(came, self.counted.rows + 1)
                self.counted += self.totals(came)
                yield self._keyed(Piece(came=came, stored=stored))

    def totals(self, came: pa.RecordBatch) -> Totals:
        """Control totals of some rows."""
        return Totals.of(came, self._shape.columns)

    def _keyed(self, piece: Piece) -> Piece:
        keys = [piece.came.column(name) for name in self._shape.key]
        long = overlong(keys, piece.came.num_rows)
        if not any(key.null_count for key in keys) and not long.any():
            return piece
        there = np.logical_and.reduce([k.is_valid().to_numpy(zero_copy_only=False) for k in keys])
        has_key = pa.array(there & ~long)
        self.keyless += self.totals(piece.only(pc.invert(has_key)).came)
        return piece.only(has_key)
