"""The warehouse's part of fsck: rows, records, receipts and ledger lines against each other.

Faults are values of gateway.errors, yielded, not raised: one fault must not hide the next. It must never repair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set

from sqlalchemy import Connection, Row, Table, func, select

from gateway.database import missing_guards
from gateway.errors import (
    BatchRecordEdited,
    FeedUnprepared,
    LedgerUnguarded,
    ReceiptMissing,
    RowsEdited,
    RowsMissing,
    RowsUnexplained,
    SupersessionEdited,
    YizhanError,
)
from gateway.ledger import Line
from gateway.warehouse import record
from gateway.warehouse.content import differing
from gateway.warehouse.facts import decode_totals
from gateway.warehouse.history import superseded_by, superseded_of
from gateway.warehouse.reading import content_of, count
from gateway.warehouse.tables import BATCH, BATCHES, PERIOD, REGION, SUPERSEDED_BY, FeedTables, Place


def check(connection: Connection, feeds: Mapping[str, FeedTables], loads: Sequence[Line]) -> Iterator[YizhanError]:
    """Everything, in one snapshot.

    Args:
        feeds: the tables of every prepared feed.
        loads: the ledger's lines `loaded`.
    """
    yield from (LedgerUnguarded(node=BATCHES.name, seq=0, trigger=name) for name in missing_guards(connection, BATCHES))
    rows = connection.execute(select(BATCHES).order_by(BATCHES.c.position)).all()
    yield from _ledgered(rows, loads)
    for row in rows:
        tables = feeds.get(row.feed)
        if tables is None:
            yield FeedUnprepared(feed=row.feed)
        else:
            yield from _stored(connection, tables, row)
    for feed, tables in feeds.items():
        yield from _unexplained(connection, tables, [row for row in rows if row.feed == feed])


def _ledgered(rows: Sequence[Row[tuple[object, ...]]], loads: Sequence[Line]) -> Iterator[YizhanError]:
    """Each record has its line, each line its record, and they say the same."""
    lines = {line.seq: line for line in loads}
    for row in rows:
        line = lines.pop(row.position, None)
        if line is None or (line.hash, line.digest) != (row.head, row.digest) or _content(line) != _digest(row):
            yield BatchRecordEdited(batch=row.batch)
        if not row.receipt:
            yield ReceiptMissing(batch=row.batch)
    yield from (ReceiptMissing(batch=line.batch) for line in lines.values())


def _stored(connection: Connection, tables: FeedTables, row: Row[tuple[object, ...]]) -> Iterator[YizhanError]:
    """The rows of a batch, current and superseded, are those that were loaded."""
    place = Place(tables=tables, region=row.region, period=row.period, number=row.number)
    current, history = tables.current, tables.history
    expected = decode_totals(row.loaded).rows
    found = sum(count(connection, table, place.batch_in(table)) for table in (current, history))
    if found != expected:
        yield RowsMissing(batch=row.batch, table=current.name, expected=expected, found=found)
    for first, last in differing(row.content, content_of(connection, place)):
        yield RowsEdited(batch=row.batch, table=current.name, first=first, last=last)
    yield from _superseded(connection, place, row)


def _superseded(connection: Connection, place: Place, row: Row[tuple[object, ...]]) -> Iterator[YizhanError]:
    """The history names this batch in exactly the rows it replaced and removed, and in its own orders to remove."""
    history, effect = place.tables.history, record.decode_effect(row)
    orders = decode_totals(row.loaded).rows - effect.added.rows - effect.changed.rows
    expected = effect.replaced.rows + effect.removed.rows + orders
    found = count(connection, history, superseded_by(place))
    if found != expected:
        yield RowsMissing(batch=row.batch, table=history.name, expected=expected, found=found)
    elif superseded_of(connection, place) != row.superseded:
        yield SupersessionEdited(batch=row.batch, table=history.name)


def _unexplained(
    connection: Connection, tables: FeedTables, rows: Sequence[Row[tuple[object, ...]]]
) -> Iterator[YizhanError]:
    """Every row came, and went, with a batch of its feed and region, and came with one of its period."""
    brought = {(row.region, row.period, row.number) for row in rows}
    for table in (tables.current, tables.history):
        yield from _strangers(connection, table, (REGION, PERIOD, BATCH), brought)
    took = {(row.region, row.number) for row in rows}
    yield from _strangers(connection, tables.history, (REGION, SUPERSEDED_BY), took)


def _strangers(
    connection: Connection, table: Table, names: tuple[str, ...], known: Set[tuple[object, ...]]
) -> Iterator[YizhanError]:
    columns = [table.c[name] for name in names]
    for *place, found in connection.execute(select(*columns, func.count()).group_by(*columns)):
        if tuple(place) not in known:
            yield RowsUnexplained(table=table.name, number=place[-1], found=found)


def _content(line: Line) -> object:
    return json.loads(line.detail).get("content")


def _digest(row: Row[tuple[object, ...]]) -> str:
    return record.digest(row._mapping)
