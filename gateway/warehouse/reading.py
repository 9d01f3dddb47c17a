"""Reading back what lies in the tables: totals of a batch's rows, and their content.

The same statements serve the load, which proves itself by them, and fsck. It must never write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, select, union_all

from gateway.records.totals import Totals
from gateway.warehouse.content import SPAN, Content, joined
from gateway.warehouse.shape import ROW, FeedShape
from gateway.warehouse.tables import Place

_READ_ROWS = 8_192
_SPANS = 900  # named in one statement: some builds of SQLite take no more than 999 values


def totals_of(connection: Connection, shape: FeedShape, table: Table, where: ColumnElement[bool]) -> Totals:
    """Rows and exact sums of some rows of a table."""
    return exact_sums(shape, connection.execute(select(*summed(shape, table)).where(where)).one())


def summed(shape: FeedShape, table: FromClause) -> Iterator[ColumnElement[int]]:
    """The rows and the sum of each money column, as `exact_sums` takes them."""
    yield func.count()
    yield from (func.coalesce(func.sum(table.c[name]), 0) for name in shape.money)


def exact_sums(shape: FeedShape, figures: Sequence[int]) -> Totals:
    """What `summed` gave, as totals."""
    rows, *fen = figures
    exact = tuple(zip(shape.money, map(int, fen), strict=True))
    return Totals(rows=rows, sums=exact, unreadable=tuple((name, 0) for name in shape.money))


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
    return joined(_digests(connection, place))


def content_of_spans(connection: Connection, place: Place, spans: Sequence[int]) -> Mapping[int, bytes]:
    """The same of some spans only, in ascending order."""
    found: dict[int, bytes] = {}
    for start in range(0, len(spans), _SPANS):
        found |= _digests(connection, place, spans[start : start + _SPANS])
    return found


def _digests(connection: Connection, place: Place, spans: Sequence[int] | None = None) -> Mapping[int, bytes]:
    content = Content()
    for rows in _batch_rows(connection, place, spans):
        content.add(_to_arrow(rows, place.tables.shape))
    return content.finish()


def _batch_rows(
    connection: Connection, place: Place, spans: Sequence[int] | None
) -> Iterator[list[tuple[object, ...]]]:
    names, parts = place.tables.shape.stored.names, []
    for table in (place.tables.current, place.tables.history):
        where = place.batch_in(table) if spans is None else place.batch_in(table) & span_of(table).in_(spans)
        parts.append(select(*(table.c[name] for name in names)).where(where))
    found = connection.execute(union_all(*parts).order_by(ROW).execution_options(yield_per=_READ_ROWS))
    for partition in found.partitions():
        yield [tuple(row) for row in partition]


def span_of(table: FromClause) -> ColumnElement[int]:
    """The number of a row's span; see Content."""
    return (table.c[ROW] - 1) // SPAN


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
