"""What a load costs, counted in the database's own steps: never seconds, which depend on the machine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pyarrow as pa
from sqlalchemy import event

from gateway.database import open_database, writing
from gateway.ledger import Ledger
from gateway.records.totals import Totals
from gateway.records.types import Column, FieldType, target_schema
from gateway.warehouse import FeedShape, Warehouse
from tests.peers.postgres import Postgres
from tests.peers.stores import drop, fresh, stranger
from tests.warehouse.feeds import FEED, SCHEMAS, Notary, digest_of, facts

COLUMNS = tuple(Column(name=name, type=FieldType.TEXT, required=True) for name in ("month", "household", "remark"))
PIECE = 8_192
STEPS = 1_000


def test_repeated_keys_cost_by_the_row_and_never_by_the_square(tmp_path: Path) -> None:
    few, many = (_steps(tmp_path / f"{pieces}.db", pieces) for pieces in (2, 6))
    assert many < 4 * few


def _steps(path: Path, pieces: int) -> int:
    """Steps, in thousands, of a first load in which each piece repeats one key."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    def watch(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.set_progress_handler(count, STEPS)

    engine = open_database(path)
    warehouse = Warehouse(engine, Ledger(engine, "changning"))
    warehouse.prepare(FeedShape(feed=FEED, columns=COLUMNS, key=("month", "household")))
    event.listen(engine, "checkout", watch)
    batches = [_batch(number) for number in range(pieces)]
    sent = sum((Totals.of(batch, COLUMNS) for batch in batches), Totals.zero(COLUMNS))
    notary = Notary()
    warehouse.load(facts([], sent=sent), batches, notary)
    assert notary.results[0].duplicate.rows == pieces
    engine.dispose()
    return counted


def _batch(number: int) -> pa.RecordBatch:
    households = [f"H{number:03d}{max(place, 1):06d}" for place in range(PIECE)]  # the first two are one row
    values = [["202610"] * PIECE, households, ["-"] * PIECE]
    return pa.record_batch([pa.array(column, pa.utf8()) for column in values], schema=target_schema(COLUMNS))


def test_a_revision_of_a_period_no_statistics_know_fetches_by_the_row_and_never_by_the_square(server: Postgres) -> None:
    few, many = (_fetched(server, rows) for rows in (500, 2_000))
    assert many < 8 * few


def _fetched(server: Postgres, rows: int) -> int:
    """Rows of the feed's tables that are fetched for three loads of a period, the statistics being older than it."""
    where = fresh(server, *SCHEMAS)
    engine = open_database(where)
    warehouse = Warehouse(engine, Ledger(engine, "changning"))
    warehouse.prepare(FeedShape(feed=FEED, columns=COLUMNS, key=("month", "household")))
    _send(warehouse, "2026-09", 1, _statements(0, rows, "-"))
    with writing(engine) as connection:
        connection.exec_driver_sql("ANALYZE")
    for revision, first in enumerate((0, rows // 2, 0), 1):  # half is removed and half replaced, twice
        _send(warehouse, "2026-10", revision, _statements(first, rows, str(revision)))
    engine.dispose()  # a session's counters are certain to be added up once it has ended
    with stranger(where) as outside:
        fetched = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables WHERE relname LIKE '%__civil__%'"
        found = int(outside.execute(fetched).fetchone()[0])
    drop(server, where)
    return found


def _send(warehouse: Warehouse, period: str, revision: int, batch: pa.RecordBatch) -> None:
    previous = digest_of(revision - 1, period) if revision > 1 else None
    sent = Totals.of(batch, COLUMNS)
    warehouse.load(facts([], revision, period, period=period, previous=previous, sent=sent), [batch], Notary())


def _statements(first: int, rows: int, remark: str) -> pa.RecordBatch:
    values = [["202610"] * rows, [f"H{place:06d}" for place in range(first, first + rows)], [remark] * rows]
    return pa.record_batch([pa.array(column, pa.utf8()) for column in values], schema=target_schema(COLUMNS))
