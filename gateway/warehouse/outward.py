"""Rows in force, as whoever is given a copy gets them: typed, with the batch and the row number each came from.

Money is decimal yuan again; everything else is as it is stored. It must never write, nor decide who may read.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pyarrow as pa
from sqlalchemy import Connection, select, union_all

from gateway.records.mask import mask
from gateway.records.types import Column, FieldType
from gateway.warehouse.asof import Belief, in_force, known_batches
from gateway.warehouse.shape import ROW, FeedShape, stored_as_integer
from gateway.warehouse.tables import BATCH, PERIOD, REGION, FeedTables

_PIECE = 8_192
_YUAN = pa.decimal128(20, 2)


class Disclosure(StrEnum):
    """Whether personal data leaves as it is."""

    CLEAR = "clear"
    MASKED = "masked"


def row_schema(shape: FeedShape, disclosure: Disclosure) -> pa.Schema:
    """Region, period, batch id and row number, then the feed's columns; of masked rows all of them are text."""
    lineage = [pa.field(REGION, pa.utf8()), pa.field(PERIOD, pa.utf8()), pa.field(BATCH, pa.utf8())]
    return pa.schema([*lineage, pa.field(ROW, pa.int64()), *(_field(one, disclosure) for one in shape.columns)])


def rows(connection: Connection, tables: FeedTables, held: Belief, disclosure: Disclosure) -> Iterator[pa.RecordBatch]:
    """Every row of a belief, in the order of the batches and rows they came as."""
    if held.region is None or not held.totals.rows:
        return
    batches = {one.number: one.facts.batch for one in known_batches(connection, held.feed, held.region, held.at)}
    names = [REGION, PERIOD, BATCH, ROW, *(column.name for column in tables.shape.columns)]
    parts = (
        select(*(table.c[name] for name in names)).where(where)
        for table, where in in_force(tables, held.period, held.region, held.position)
    )
    query = union_all(*parts).order_by(BATCH, ROW).execution_options(yield_per=_PIECE)
    schema = row_schema(tables.shape, disclosure)
    for partition in connection.execute(query).partitions():
        region, period, number, row, *values = zip(*partition, strict=True)
        arrays = [pa.array(one, pa.utf8()) for one in (region, period, [batches[each] for each in number])]
        fields = (_array(v, c, disclosure) for v, c in zip(values, tables.shape.columns, strict=True))
        yield pa.RecordBatch.from_arrays([*arrays, pa.array(row, pa.int64()), *fields], schema=schema)


def _field(column: Column, disclosure: Disclosure) -> pa.Field:
    if disclosure is Disclosure.MASKED:
        return pa.field(column.name, pa.utf8())
    if column.type is FieldType.MONEY:
        return pa.field(column.name, _YUAN)
    return pa.field(column.name, pa.int64() if stored_as_integer(column) else pa.utf8())


def _array(values: tuple[object, ...], column: Column, disclosure: Disclosure) -> pa.Array:
    if column.type is FieldType.MONEY:
        yuan = _in_yuan(pa.array(values, pa.int64()))
        return _masked(yuan.cast(pa.utf8()).to_pylist(), column) if disclosure is Disclosure.MASKED else yuan
    if disclosure is Disclosure.MASKED:
        return _masked([None if value is None else str(value) for value in values], column)
    return pa.array(values, pa.int64() if stored_as_integer(column) else pa.utf8())


def _in_yuan(fen: pa.Array) -> pa.Array:
    """The same integers, read with two decimals."""
    whole = fen.cast(pa.decimal128(20, 0))
    return pa.Array.from_buffers(_YUAN, len(whole), whole.buffers(), whole.null_count, whole.offset)


def _masked(values: list[str | None], column: Column) -> pa.Array:
    return pa.array([None if value is None else mask(value, column.type) for value in values], pa.utf8())
