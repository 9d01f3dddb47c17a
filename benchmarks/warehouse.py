"""What a load costs, beside the plainest way into the same database: reports, never asserts.

`.venv/bin/python -m benchmarks.warehouse --rows 1000000`: a first load, a revision that changes nothing, and one that
changes every hundredth row, each on SQLite and on PostgreSQL, and in the same run `psql COPY` of the same rows into a
table with the same key. Everything is counted that a centre does with verified records: check, merge, content digests,
read-back of the totals, ledger line and record. The servers' files lie where temporary files lie.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from gateway.database import PostgresAddress, open_database, writing
from gateway.ledger import SCHEMA as LEDGER
from gateway.ledger import Head, Ledger
from gateway.records.totals import Totals
from gateway.records.types import Column, FieldType, target_schema
from gateway.warehouse import SCHEMA as BATCHES
from gateway.warehouse import BatchFacts, FeedShape, LoadResult, Warehouse
from tests.peers.postgres import SUPERUSER, Postgres, postgres, program
from tests.peers.stores import fresh

FEED, PERIOD, REGION = "finance.onecard", "2026-10", "430482"
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PIECE = 65_536
_FEN = pa.scalar(Decimal("0.01"))
COLUMNS = (
    Column(name="batch_no", type=FieldType.CODE, required=True),
    Column(name="serial_no", type=FieldType.INTEGER, required=True),
    Column(name="id_number", type=FieldType.ID_NUMBER, required=True),
    Column(name="name", type=FieldType.PERSON_NAME),
    Column(name="account", type=FieldType.BANK_ACCOUNT),
    Column(name="project", type=FieldType.CODE),
    Column(name="amount", type=FieldType.MONEY),
    Column(name="paid_on", type=FieldType.DATE),
    Column(name="village", type=FieldType.REGION_CODE),
    Column(name="remark", type=FieldType.TEXT),
)
SHAPE = FeedShape(feed=FEED, columns=COLUMNS, key=("batch_no", "serial_no"))
TABLE = (
    'CREATE TABLE plain (batch_no text COLLATE "C", serial_no bigint, id_number text, name text, account text,'
    " project text, amount bigint, paid_on text, village text, remark text, PRIMARY KEY (batch_no, serial_no))"
)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    print(f"{'':34}{'rows':>12}{'s':>8}{'rows/s':>12}")
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        plain = _measure("psql COPY", rows, _psql(server, rows, Path(folder)))
        for name, where in (("PostgreSQL", fresh(server, LEDGER, BATCHES)), ("SQLite", Path(folder, "warehouse.db"))):
            _loads(name, where, rows, plain)


def _loads(name: str, where: Path | PostgresAddress, rows: int, plain: float) -> None:
    engine = open_database(where)
    warehouse = Warehouse(engine, Ledger(engine, "benchmark"))
    warehouse.prepare(SHAPE)
    previous: str | None = None
    for revision, (what, every) in enumerate((("first load", 0), ("nothing changed", 0), ("1 % changed", 100)), 1):
        facts = _facts(rows, revision, every, previous)
        previous = facts.digest
        seconds = _measure(f"{name}, {what}", rows, _load(warehouse, facts, rows, every))
        print(f"{'':34}{seconds / plain:>12.2f} times psql COPY")
        with writing(engine) as connection:
            connection.exec_driver_sql("ANALYZE")  # autovacuum does so in a minute; the server here has none
    engine.dispose()


def _load(warehouse: Warehouse, facts: BatchFacts, rows: int, every: int) -> Callable[[], object]:
    made = list(_batches(rows, every))
    return lambda: warehouse.load(facts, made, _receipt)


def _receipt(_result: LoadResult, head: Head) -> bytes:
    return f"receipt {head.position}".encode()


def _measure(name: str, rows: int, act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    print(f"{name:34}{rows:>12,}{seconds:>8.2f}{rows / seconds:>12,.0f}", flush=True)
    return seconds


def _batches(rows: int, every: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, PIECE):
        n = np.arange(start, min(start + PIECE, rows))
        text = pc.cast(pa.array(n), pa.utf8())
        fen = n % 100_000 + 1 + (np.where(n % every == 0, 7, 0) if every else 0)
        fen = pc.cast(pa.array(fen), pa.decimal128(19, 0))
        columns = {
            "batch_no": pa.repeat("202610001", len(n)),
            "serial_no": pa.array(n, pa.int64()),
            "id_number": pc.binary_join_element_wise("4304", pc.utf8_lpad(text, 14, "0"), ""),
            "name": pc.binary_join_element_wise("张", text, ""),
            "account": pc.binary_join_element_wise("62", pc.utf8_lpad(text, 17, "0"), ""),
            "project": pa.repeat("B0701", len(n)),
            "amount": pc.cast(pc.multiply(fen, _FEN), pa.decimal128(20, 2)),
            "paid_on": pa.repeat(pa.scalar(20_000, pa.date32()), len(n)),
            "village": pa.repeat("430482101203", len(n)),
            "remark": pa.repeat("十月", len(n)),
        }
        yield pa.RecordBatch.from_pydict(columns, schema=target_schema(COLUMNS))


def _facts(rows: int, revision: int, every: int, previous: str | None) -> BatchFacts:
    sent = sum((Totals.of(one, COLUMNS) for one in _batches(rows, every)), Totals.zero(COLUMNS))
    return BatchFacts(
        digest=hashlib.sha256(str(revision).encode()).hexdigest(),
        batch=f"{FEED}/{PERIOD}/r{revision}",
        region=REGION,
        feed=FEED,
        period=PERIOD,
        revision=revision,
        kind="data" if revision == 1 else "correction",
        sender="finance",
        previous=previous,
        sent=sent,
        set_aside=0,
        landed_at=AT,
        accepted_at=AT,
    )


def _psql(server: Postgres, rows: int, folder: Path) -> Callable[[], object]:
    """The same values as they are stored, into a table with the same key, by the server's own client."""
    server.create_database("plain")
    server.execute([TABLE], "plain")
    file = folder / "plain.csv"
    with file.open("wb") as written:
        for one in _batches(rows, 0):
            stored = SHAPE.to_stored(one, 1).drop_columns(["_row"])
            part = io.BytesIO()
            pa.csv.write_csv(stored, part, pa.csv.WriteOptions(include_header=False))
            written.write(part.getbuffer())
    address = f"host={server.host} port={server.port} dbname=plain user={SUPERUSER}"
    command = [program("psql"), "-q", address, "-c", f"\\copy plain FROM '{file}' (FORMAT csv)"]
    return lambda: subprocess.run(command, check=True, env={"PGPASSWORD": server.password, "PGGSSENCMODE": "disable"})


if __name__ == "__main__":
    main()
