"""The warehouse's part of fsck: rows, records, receipts and ledger lines against each other.

Faults are values of gateway.errors, yielded, not raised: one fault must not hide the next. It must never repair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, Row, Table, func, select

from gateway.errors import (
    BatchRecordEdited,
    FeedUnprepared,
    LedgerUnguarded,
    ReceiptMissing,
    RowsEdited,
    RowsMissing,
    RowsUnexplained,
    YizhanError,
)
from gateway.ledger import Line
from gateway.ledger.database import missing_guards
from gateway.warehouse import record
from gateway.warehouse.content import differing
from gateway.warehouse.facts import decode_totals
from gateway.warehouse.reading import content_of, count
from gateway.warehouse.tables import BATCH, BATCHES, SUPERSEDED_BY, FeedTables, Place


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
    numbers = [row.number for row in rows]
    for tables in feeds.values():
        for table in (tables.current, tables.history):
            yield from _unexplained(connection, table, numbers)


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
    replaced = count(connection, history, place.period_in(history) & (history.c[SUPERSEDED_BY] == row.number))
    if replaced != row.changed:
        yield RowsMissing(batch=row.batch, table=history.name, expected=row.changed, found=replaced)


def _unexplained(connection: Connection, table: Table, numbers: Sequence[int]) -> Iterator[YizhanError]:
    counted = connection.execute(select(table.c[BATCH], func.count()).group_by(table.c[BATCH]))
    for number, found in counted:
        if number not in numbers:
            yield RowsUnexplained(table=table.name, number=number, found=found)


def _content(line: Line) -> object:
    return json.loads(line.detail).get("content")


def _digest(row: Row[tuple[object, ...]]) -> str:
    return record.digest(row._mapping)
