"""Intake: the rows of a payload on their way into a table, counted as they pass.

Owns the one hot path: Arrow batch -> stored columns -> tuples -> executemany, a few thousand rows at a time, so memory
does not grow with the payload. It must never judge a row but for a missing key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Insert

from gateway.records.totals import Totals
from gateway.warehouse.shape import ROW, FeedShape

_PIECE = 8_192  # rows turned into Python objects at a time; some 10 MB for 15 columns


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
    """The pieces of a payload, counted; rows that have no key are counted as problems and go no further.

    Attributes:
        counted: totals of what has come so far.
        keyless: of these, the rows that have no key.
    """

    def __init__(self, shape: FeedShape, batches: Iterable[pa.RecordBatch]) -> None:
        self._shape = shape
        self._batches = batches
        self.counted = Totals.zero(shape.columns)
        self.keyless = Totals.zero(shape.columns)

    def pieces(self) -> Iterator[Piece]:
        """Every row that has a key, once, in order. Raises PayloadShapeInvalid, and whatever the source raises."""
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
        if not any(key.null_count for key in keys):
            return piece
        has_key = pa.array(np.logical_and.reduce([k.is_valid().to_numpy(zero_copy_only=False) for k in keys]))
        self.keyless += self.totals(piece.only(pc.invert(has_key)).came)
        return piece.only(has_key)


def insert_all(connection: Connection, statement: Insert, fixed: Mapping[str, object], stored: pa.RecordBatch) -> int:
    """Insert the rows; how many the database took.

    Args:
        statement: into a table whose columns are those of `fixed`, then those of `stored`, in order.
        fixed: columns that are the same in each row.
    """
    if not stored.num_rows:
        return 0
    columns = [column.to_pylist() for column in stored.columns]
    rows = list(zip(*map(repeat, fixed.values()), *columns, strict=False))
    text = str(statement.compile(connection, column_keys=[*fixed, *stored.schema.names]))
    # exec_driver_sql: plain tuples to the driver's executemany, no step of SQLAlchemy for each row
    return connection.exec_driver_sql(text, rows).rowcount
