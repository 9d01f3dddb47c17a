"""Reading back what lies in the tables: totals of a batch's rows, and their content.

The same statements serve the load, which proves itself by them, and fsck. It must never write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Table, func, select, union_all

from gateway.records.totals import Totals
from gateway.warehouse.content import Content
from gateway.warehouse.shape import ROW, FeedShape
from gateway.warehouse.tables import Place

_READ_ROWS = 8_192


def totals_of(connection: Connection, shape: FeedShape, table: Table, where: ColumnElement[bool]) -> Totals:
    """Rows and exact sums of some rows of a table."""
    sums = (func.coalesce(func.sum(table.c[name]), 0) for name in shape.money)
    rows, *fen = connection.execute(select(func.count(), *sums).select_from(table).where(where)).one()
    counted = tuple(zip(shape.money, map(int, fen), strict=True))
    return Totals(rows=rows, sums=counted, unreadable=tuple((name, 0) for name in shape.money))


def batch_totals(connection: Connection, place: Place) -> Totals:
    """Totals of all rows a batch put in, whether still current or superseded since."""
    shape = place.tables.shape
    total = Totals.zero(shape.columns)
    for table in (place.tables.current, place.tables.history):
        total += totals_of(connection, shape, table, place.batch_in(table))
    return total


def count(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    """How many rows of a table."""
    return connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()


def content_of(connection: Connection, place: Place) -> bytes:
    """Digests of all rows a batch put in, wherever they are now; see Content."""
    content = Content()
    for rows in _batch_rows(connection, place):
        content.add(_to_arrow(rows, place.tables.shape))
    return content.finish()


def _batch_rows(connection: Connection, place: Place) -> Iterator[list[tuple[object, ...]]]:
    names = place.tables.shape.stored.names
    both = (place.tables.current, place.tables.history)
    query = union_all(*(select(*(t.c[name] for name in names)).where(place.batch_in(t)) for t in both)).order_by(ROW)
    found = connection.execute(query.execution_options(yield_per=_READ_ROWS))
    for partition in found.partitions():
        yield [tuple(row) for row in partition]


def _to_arrow(rows: list[tuple[object, ...]], shape: FeedShape) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [_array(values, field.type) for values, field in zip(columns, shape.stored, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=shape.stored)


def _array(values: tuple[object, ...], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_in_kind(value, kind) for value in values], kind)


def _in_kind(value: object, kind: pa.DataType) -> object:
    """A value somebody put where another kind belongs, as one of the right kind that nobody can have loaded."""
    if value is None or isinstance(value, int if pa.types.is_integer(kind) else str):
        return value
    foreign = hashlib.sha256(repr(value).encode()).hexdigest()
    return int(foreign[:15], 16) if pa.types.is_integer(kind) else foreign
