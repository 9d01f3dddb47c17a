"""A small feed with a column of every kind of storage, and batches of it. Also run as the child of the crash tests."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Engine

from gateway import ledger as ledger_room
from gateway import warehouse as warehouse_room
from gateway.database import open_database
from gateway.ledger import Head, Ledger
from gateway.records.totals import Totals
from gateway.records.types import TIMESTAMP, Column, FieldType, target_schema
from gateway.warehouse import BatchFacts, FeedShape, LoadResult, Warehouse
from gateway.warehouse.tables import number_of
from tests.peers.stores import Where, read

FEED, PERIOD, REGION = "civil.dibao", "2026-10", "430482"
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ENV = {"PYTHONPATH": str(Path(__file__).parents[2])}
COLUMNS = (
    Column(name="id_number", type=FieldType.ID_NUMBER, required=True),
    Column(name="item", type=FieldType.INTEGER, required=True),
    Column(name="amount", type=FieldType.MONEY),
    Column(name="remark", type=FieldType.TEXT),
    Column(name="paid_on", type=FieldType.DATE),
    Column(name="seen_at", type=FieldType.TIMESTAMP),
    Column(name="area", type=FieldType.DECIMAL, precision=12, scale=4),
    Column(name="rural", type=FieldType.BOOLEAN),
    Column(name="fee", type=FieldType.MONEY),
)
SHAPE = FeedShape(feed=FEED, columns=COLUMNS, key=("id_number", "item"))
SCHEMA = target_schema(COLUMNS)

SCHEMAS = (ledger_room.SCHEMA, warehouse_room.SCHEMA)

OPENED: list[Engine] = []
"""Every engine a test opened; closed after it."""

Row = dict[str, object]


def row(n: int, **changes: object) -> Row:
    """Record n, complete unless changed."""
    made: Row = {
        "id_number": f"43048219{n:09d}X",
        "item": n,
        "amount": Decimal(n) + Decimal("0.01"),
        "remark": f"备注{n}",
        "paid_on": date(2026, 10, 31),
        "seen_at": AT,
        "area": Decimal("1.5000"),
        "rural": True,
        "fee": Decimal("-0.50"),
    }
    return made | changes


def batch(rows: Iterable[Row]) -> pa.RecordBatch:
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for one in rows:
        for name, values in columns.items():
            values.append(one[name])
    plain = pa.schema([pa.field(f.name, TIMESTAMP if f.name == "seen_at" else f.type) for f in SCHEMA])
    return pa.RecordBatch.from_pydict(columns, schema=plain).cast(plain)


def digest_of(revision: int, content: str = "") -> str:
    return hashlib.sha256(f"{revision} {content}".encode()).hexdigest()


def number(revision: int) -> int:
    """What a revision is called in the feed's tables."""
    return number_of(digest_of(revision))


def facts(rows: Iterable[Row], revision: int = 1, content: str = "", **changes: object) -> BatchFacts:
    """What a manifest over these rows would say."""
    sent = Totals.of(batch(rows), COLUMNS)
    made: dict[str, object] = {
        "digest": digest_of(revision, content),
        "batch": f"{FEED}/{PERIOD}/r{revision}",
        "region": REGION,
        "feed": FEED,
        "period": PERIOD,
        "revision": revision,
        "kind": "data" if revision == 1 else "correction",
        "sender": "civil",
        "previous": None if revision == 1 else digest_of(revision - 1),
        "sent": sent,
        "set_aside": 2,
        "landed_at": AT,
        "accepted_at": AT,
    }
    return BatchFacts(**(made | changes))


class Notary:
    """Makes receipts, and remembers what it was told."""

    def __init__(self) -> None:
        self.results: list[LoadResult] = []
        self.heads: list[Head] = []

    def __call__(self, result: LoadResult, head: Head) -> bytes:
        self.results.append(result)
        self.heads.append(head)
        return f"receipt {head.position} {result.counted.rows}".encode()


def open_warehouse(where: Where) -> tuple[Warehouse, Ledger]:
    engine = open_database(where)
    OPENED.append(engine)
    ledger = Ledger(engine, "changning")
    warehouse = Warehouse(engine, ledger)
    warehouse.prepare(SHAPE)
    return warehouse, ledger


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """`feeds.py DATABASE PLACE`: load thirty thousand rows and be killed there."""
    warehouse, _ = open_warehouse(read(sys.argv[1]))
    rows = [row(n) for n in range(30_000)]

    def source() -> Iterator[pa.RecordBatch]:
        yield batch(rows[:15_000])
        if sys.argv[2] == "while reading":
            _die()
        yield batch(rows[15_000:])

    def receipt(result: LoadResult, head: Head) -> bytes:
        if sys.argv[2] == "while signing":
            _die()
        if sys.argv[2] == "wait before commit":
            print("ready", flush=True)
            sys.stdin.read()
        return Notary()(result, head) + (f" by {os.getpid()}".encode() if sys.argv[2] == "nowhere" else b"")

    given = warehouse.load(facts(rows), source(), receipt)
    print(given.hex())
    if sys.argv[2] == "after commit":
        _die()


if __name__ == "__main__":
    main()
