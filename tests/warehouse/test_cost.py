"""What a load costs, counted in the database's own steps: never seconds, which depend on the machine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pyarrow as pa
from sqlalchemy import event

from gateway.ledger import Ledger, open_database
from gateway.records.totals import Totals
from gateway.records.types import Column, FieldType, target_schema
from gateway.warehouse import FeedShape, Warehouse
from tests.warehouse.feeds import FEED, Notary, facts

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
