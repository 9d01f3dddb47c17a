"""Shapes: how a feed's fields are stored, and the exact conversion of Arrow values to stored ones.

Stored values are 64-bit integers and text, nothing else, so that what is stored can be compared, summed and hashed
exactly in any database: money in fen, dates and times in ISO 8601 (times with +08:00), decimals as their exact text.
Pure. It must never bend a value: one that does not fit refuses the payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.catalogue import Operation
from gateway.errors import PayloadShapeInvalid
from gateway.records.totals import money_columns
from gateway.records.types import Column, FieldType, target_schema

ROW = "_row"
FOLD = "_fold_"
"""Before the name of a key column: the same value as keys compare it."""
_INTEGERS = frozenset({FieldType.MONEY, FieldType.INTEGER, FieldType.BOOLEAN})
_FEN_PER_YUAN = pa.scalar(100, pa.decimal128(3, 0))
_SHANGHAI = pa.scalar(8 * 3600 * 1_000_000, pa.duration("us"))


class Reach(StrEnum):
    """How far a record is looked for: a snapshot's period stands alone, an increment's records go on from period to
    period, and one that is sent again unchanged is a duplicate in whichever period it came first.
    """

    PERIOD = "period"
    FEED = "feed"


@dataclass(frozen=True, kw_only=True)
class FeedShape:
    """What the warehouse must know of a feed.

    Attributes:
        columns: in the order of the payload.
        key: names of the columns that tell records of one region and period apart.
        operation: the column that may order a record's removal, and the values that do.
        amount: the money column that boards and ledgers speak of, where there is one.
    """

    feed: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    reach: Reach = Reach.PERIOD
    operation: Operation | None = None
    amount: str | None = None

    @property
    def money(self) -> tuple[str, ...]:
        """Names of the money columns, in order."""
        return money_columns(self.columns)

    @property
    def stored(self) -> pa.Schema:
        """The row number, the folded form of the columns that have one, and the stored form of each column."""
        folds = [pa.field(FOLD + name, pa.utf8()) for name in self.folded]
        fields = [pa.field(c.name, pa.int64() if stored_as_integer(c) else pa.utf8()) for c in self.columns]
        return pa.schema([pa.field(ROW, pa.int64()), *folds, *fields])

    @property
    def folded(self) -> tuple[str, ...]:
        """Key columns of ID numbers. GB 11643's check character is one value, x or X: a key takes both as the same
        person, the row keeps its own.
        """
        kinds = {column.name: column.type for column in self.columns}
        return tuple(name for name in self.key if kinds[name] is FieldType.ID_NUMBER)

    @property
    def stored_key(self) -> tuple[str, ...]:
        """The key by the names of its stored columns: what the database compares."""
        return tuple(FOLD + name if name in self.folded else name for name in self.key)

    def require(self, batch: pa.RecordBatch) -> None:
        """Names and types must be the catalogue's. Raises PayloadShapeInvalid, naming the first column that is not."""
        wanted = [(field.name, field.type) for field in target_schema(self.columns)]
        given = [(field.name, field.type) for field in batch.schema]
        if given == wanted:
            return
        first = next((w for w, g in zip(wanted, given, strict=False) if w != g), None)
        raise PayloadShapeInvalid(feed=self.feed, field=first[0] if first else f"{len(given)}/{len(wanted)}")

    def to_stored(self, batch: pa.RecordBatch, first_row: int) -> pa.RecordBatch:
        """The batch as it is stored, its rows numbered from `first_row`. Raises PayloadShapeInvalid."""
        rows = pa.array(np.arange(first_row, first_row + batch.num_rows, dtype=np.int64))
        stored = [rows, *(pc.ascii_upper(batch.column(name)) for name in self.folded)]
        for column in self.columns:
            try:
                stored.append(_stored(batch.column(column.name), column.type))
            except pa.ArrowInvalid:
                raise PayloadShapeInvalid(feed=self.feed, field=column.name) from None
            if pa.types.is_string(stored[-1].type) and pc.any(pc.match_substring(stored[-1], "\0")).as_py():
                raise PayloadShapeInvalid(feed=self.feed, field=column.name)  # no text of PostgreSQL's holds a NUL
        return pa.RecordBatch.from_arrays(stored, schema=self.stored)


def stored_as_integer(column: Column) -> bool:
    """Whether the column is stored as a 64-bit integer; else as text."""
    return column.type in _INTEGERS


def _stored(values: pa.Array, kind: FieldType) -> pa.Array:
    if kind is FieldType.MONEY:
        return pc.cast(pc.multiply(values, _FEN_PER_YUAN), pa.int64())
    if kind is FieldType.BOOLEAN:
        return pc.cast(values, pa.int64())
    if kind is FieldType.TIMESTAMP:
        return _shanghai_text(values)
    if kind in (FieldType.DATE, FieldType.DECIMAL):
        return pc.cast(values, pa.utf8())
    return values


def _shanghai_text(instants: pa.Array) -> pa.Array:
    """Instants as `2026-10-31T08:00:00.000000+08:00`, computed without a zone database (images may lack one)."""
    wall = pc.add(pc.cast(instants, pa.timestamp("us")), _SHANGHAI)
    iso = pc.replace_substring(pc.cast(wall, pa.utf8()), " ", "T")
    return pc.binary_join_element_wise(iso, pa.scalar("+08:00"), "")
