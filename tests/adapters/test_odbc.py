"""SQLite through its real ODBC driver: exact values, totals of the same moment, and refusals in place of guesses."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from adapters.contract import Declared, Request, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.odbc.values import ValueRefused, reader
from gateway.catalogue import Catalogue
from gateway.demo.sources import vouchers
from gateway.errors import ConfigInvalid, LimitExceeded, SourceMalformed, SourceUnavailable, YizhanError
from gateway.records.types import Column, FieldType, Unit
from tests.adapters.conftest import PASSWORD, rows_of
from tests.peers.processes import ROOT

START, END = date(2026, 7, 1), date(2026, 10, 1)
WINDOW = "WHERE pz_rq >= :period_start AND pz_rq < :period_end"
COLUMNS = (
    Column(name="no", type=FieldType.INTEGER),
    Column(name="day", type=FieldType.DATE),
    Column(name="amount", type=FieldType.MONEY, unit=Unit.FEN),
    Column(name="who", type=FieldType.PERSON_NAME),
)
TABLE = "CREATE TABLE t (no INTEGER, day DATE, amount BIGINT, who VARCHAR(20))"
SQL = "SELECT no, day, amount, who FROM t ORDER BY rowid"
MORNING = datetime(2026, 2, 28, 8, 30)
Build = Callable[..., OdbcAdapter]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "agri.db"


@pytest.fixture
def build(database: Path, secrets: Secrets) -> Build:
    def adapter(sql: str = SQL, **changes: Any) -> OdbcAdapter:
        connection = f"Driver=SQLite3;Database={database};StepAPI=1;NoCreat=1"
        given = {"adapter": "odbc", "connection": connection, "sql": sql}
        return OdbcAdapter(OdbcConfig(**(given | changes)), secrets)

    return adapter


@pytest.fixture
def small(ask: Callable[..., Request]) -> Callable[..., Request]:
    return lambda **changes: ask("agri.village_finance", columns=COLUMNS, **changes)


def fill(database: Path, *rows: tuple[Any, ...], table: str = TABLE) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute(table)
        opened.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)


def test_a_quarters_vouchers_arrive_row_for_row_and_fen_for_fen(
    catalogue: Catalogue, database: Path, build: Build, ask: Callable[..., Request]
) -> None:
    income, expense = vouchers.write(database, 3000, START, END, 5)
    order = "ORDER BY cun_dm, pz_h, fl_h, rowid"
    totals = f'SELECT COUNT(*) AS "rows", SUM(sr) AS income, SUM(zc) AS expense FROM cw_pz {WINDOW}'
    reading = build(f"SELECT * FROM cw_pz {WINDOW} {order}", totals_sql=totals).extract(ask("agri.village_finance"))
    rows = rows_of(reading)
    written = [row for block in vouchers.blocks(3000, START, END, 5) for row in block]
    places = [vouchers.COLUMNS.index(column.source) for column in catalogue.feed("agri.village_finance").fields]
    expected = sorted(written, key=lambda row: (row[0], row[2], int(row[3])))
    assert [tuple(row.values())[2:] for row in rows] == [tuple(row[place] for place in places) for row in expected]
    assert [row["_position"] for row in rows] == [str(number) for number in range(1, 3001)]
    assert reading.declared == Declared(rows=3000, sums=(("income", income), ("expense", expense)))


def test_the_period_is_bound_by_name_and_its_end_is_exclusive(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    days = ("2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01")
    fill(database, *[(n, day, 1, "x") for n, day in enumerate(days)])
    sql = "SELECT * FROM t WHERE day >= :period_start AND day < :period_end AND :period = '2026Q3' ORDER BY no"
    assert [row["day"] for row in rows_of(build(sql).extract(small()))] == ["2026-07-01", "2026-09-30"]


def test_what_the_driver_would_bend_arrives_as_it_is_stored(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    """Integers beyond 32 bits, text in a number's column, a day that does not exist, a quote in a name."""
    stored = [
        (5_000_000_000, "2026-02-30", 9_223_372_036_854_775_807, "O'亅—𠮷"),
        ("三张", "0000-00-00", -1, ""),
        (None, None, None, None),
    ]
    fill(database, *stored)
    rows = rows_of(build().extract(small()))
    expected = [tuple(None if value is None else str(value) for value in row) for row in stored]
    assert [tuple(row.values())[2:] for row in rows] == expected


def test_a_floating_point_column_is_refused_by_name(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    fill(database, (1, "2026-07-01", 0.1, "x"), table=TABLE.replace("BIGINT", "FLOAT"))
    with pytest.raises(SourceMalformed, match="amount"):
        rows_of(build().extract(small()))


@pytest.mark.parametrize("sql", ["SELECT no, day, amount FROM t", "SELECT *, no FROM t"])
def test_a_column_that_is_missing_or_twice_there_is_refused_by_name(
    database: Path, build: Build, small: Callable[..., Request], sql: str
) -> None:
    fill(database, (1, "2026-07-01", 1, "x"))
    with pytest.raises(SourceMalformed, match=r"who|no"):
        rows_of(build(sql).extract(small()))


def test_totals_and_rows_are_of_one_moment(database: Path, build: Build, small: Callable[..., Request]) -> None:
    fill(database, *[(n, "2026-07-01", 1, "x") for n in range(20_000)])
    with closing(sqlite3.connect(database, timeout=0.1)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        totals = 'SELECT COUNT(*) AS "rows", SUM(amount) AS amount FROM t'
        with build(totals_sql=totals).extract(small()) as reading:
            count = next(iter(reading)).num_rows
            with writer:
                writer.execute("DELETE FROM t")
            count += sum(batch.num_rows for batch in reading)
            assert reading.declared == Declared(rows=20_000, sums=(("amount", 20_000),))
    assert count == 20_000


@pytest.mark.parametrize(
    ("totals", "error"),
    [
        ("SELECT COUNT(*) AS n FROM t", SourceMalformed),
        ('SELECT no AS "rows" FROM t', SourceMalformed),
        ('SELECT 1 AS "rows", 0.1 AS amount', SourceMalformed),
        ("SELECT 1 AS \"rows\", 'x' AS amount", SourceMalformed),
        ('SELECT 1 AS "rows", 1 AS who', ConfigInvalid),
    ],
)
def test_totals_that_are_not_exact_are_refused(
    database: Path, build: Build, small: Callable[..., Request], totals: str, error: type[YizhanError]
) -> None:
    fill(database, (1, "2026-07-01", 1, "x"), (2, "2026-07-01", 1, "x"))
    with pytest.raises(error):
        rows_of(build(totals_sql=totals).extract(small()))


def test_the_sum_of_nothing_is_zero_and_an_empty_table_has_no_rows(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    fill(database)
    reading = build(totals_sql='SELECT COUNT(*) AS "rows", SUM(amount) AS amount FROM t').extract(small())
    assert rows_of(reading) == []
    assert reading.declared == Declared(rows=0, sums=(("amount", 0),))


def test_from_the_returned_cursor_comes_only_what_is_new(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    fill(database, *[(n, "2026-07-01", 1, "x") for n in range(1, 8)])
    sql = "SELECT * FROM t WHERE :cursor IS NULL OR no > CAST(:cursor AS INTEGER) ORDER BY no"
    adapter = build(sql, cursor_column="no")
    first = adapter.extract(small())
    assert len(rows_of(first)) == 7
    assert first.cursor == "7"
    with closing(sqlite3.connect(database)) as writer, writer:
        writer.execute("INSERT INTO t VALUES (8, '2026-07-02', 1, 'y')")
    second = adapter.extract(small(cursor=first.cursor))
    assert [row["no"] for row in rows_of(second)] == ["8"]
    third = adapter.extract(small(cursor=second.cursor))
    assert (rows_of(third), third.cursor) == ([], "8")


def test_a_cursor_is_a_value_and_never_sql(database: Path, build: Build, small: Callable[..., Request]) -> None:
    fill(database, (1, "2026-07-01", 1, "x"))
    hostile = "x') OR 1=1; DROP TABLE t; --"
    assert rows_of(build("SELECT * FROM t WHERE who = :cursor").extract(small(cursor=hostile))) == []
    assert len(rows_of(build().extract(small()))) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sql": "SELECT * FROM absent"}, SourceMalformed),
        ({"sql": "SELECT * FRM t"}, SourceMalformed),
        ({"connection": "Driver=NoSuchDriver;Database=x"}, SourceMalformed),
        ({"connection": "Driver=SQLite3;Database=/nonexistent/x.db;NoCreat=1"}, SourceUnavailable),
    ],
)
def test_a_database_that_cannot_answer_is_classed_by_what_to_do_next(
    database: Path, build: Build, small: Callable[..., Request], changes: dict[str, str], error: type[YizhanError]
) -> None:
    fill(database, (1, "2026-07-01", 1, "王隐"))
    with pytest.raises(error) as refused:
        rows_of(build(**changes).extract(small()))
    assert "absent" not in refused.value.message("zh") + repr(refused.value)


def test_a_database_that_another_program_holds_can_be_tried_again(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    fill(database, (1, "2026-07-01", 1, "x"))
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceUnavailable):
            adapter = build(connection=f"Driver=SQLite3;Database={database};StepAPI=1;Timeout=100")
            rows_of(adapter.extract(small()))


def test_a_query_without_an_end_is_cut_off_at_the_deadline(
    database: Path, build: Build, small: Callable[..., Request]
) -> None:
    fill(database)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) AS no FROM n"
    started = time.monotonic()
    with pytest.raises(LimitExceeded):
        rows_of(build(endless).extract(replace(small(deadline=started + 0.5), columns=COLUMNS[:1])))
    assert time.monotonic() - started < 3


def test_the_source_is_not_written_to(database: Path, build: Build, small: Callable[..., Request]) -> None:
    fill(database, (1, "2026-07-01", 1, "x"))
    before = database.read_bytes()
    database.chmod(0o444)
    assert len(rows_of(build().extract(small()))) == 1
    assert database.read_bytes() == before


def test_no_error_repr_or_log_line_tells_the_password(
    database: Path, build: Build, small: Callable[..., Request], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    fill(database, (1, "2026-07-01", 1, "x"))
    adapter = build(user="u;x", password="env:PASSWORD", connection="Driver=NoSuchDriver;Server=h")
    with pytest.raises(SourceMalformed) as refused:
        adapter.extract(small())
    assert PASSWORD not in repr(refused.value) + repr(refused.value.__cause__) + caplog.text + repr(adapter)


@pytest.mark.parametrize(
    ("kind", "given", "values", "expected"),
    [
        (FieldType.MONEY, Decimal, [Decimal("1E+3"), Decimal("-0.10"), None], ["1000", "-0.10", None]),
        (FieldType.MONEY, int, [12, None], ["12", None]),
        (FieldType.INTEGER, int, [2**62, None], [2**62, None]),
        (FieldType.DATE, date, [date(2026, 2, 28), None], [date(2026, 2, 28), None]),
        (FieldType.DATE, datetime, [datetime(2026, 2, 28), MORNING], ["2026-02-28", "2026-02-28 08:30:00"]),
        (FieldType.TIMESTAMP, datetime, [MORNING], ["2026-02-28 08:30:00"]),
        (FieldType.CODE, int, [7], ["7"]),
        (FieldType.BOOLEAN, bool, [True, None], [True, None]),
        (FieldType.TEXT, str, ["", None], ["", None]),
    ],
)  # fmt: skip
def test_a_value_is_passed_on_exactly(kind: FieldType, given: type, values: list[Any], expected: list[Any]) -> None:
    column = Column(name="a", type=kind)
    array = reader(column, given).convert(values)
    assert array.to_pylist() == expected
    assert array.type in (pa.utf8(), column.arrow)


@pytest.mark.parametrize(
    "kind", [FieldType.MONEY, FieldType.INTEGER, FieldType.DECIMAL, FieldType.CODE, FieldType.ID_NUMBER]
)
@pytest.mark.parametrize("given", [float, bytes, bytearray, bool])
def test_a_type_that_cannot_carry_the_field_is_refused(kind: FieldType, given: type) -> None:
    with pytest.raises(ValueRefused):
        reader(Column(name="a", type=kind), given)


MEMORY = """
import re, sys, threading, time
from datetime import date
from pathlib import Path
from adapters.contract import Request, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from gateway.records.types import Column, FieldType
def peak():  # ru_maxrss would begin with the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

config = OdbcConfig(adapter="odbc", connection="Driver=SQLite3;Database=" + sys.argv[1] + ";StepAPI=1",
                    sql="SELECT no, who FROM t WHERE day >= :period_start ORDER BY rowid")
columns = (Column(name="no", type=FieldType.INTEGER), Column(name="who", type=FieldType.TEXT))
request = Request(feed="f", columns=columns, period="2026Q3", start=date(2026, 7, 1), end=date(2026, 10, 1),
                  deadline=time.monotonic() + 60, max_rows=10**7, max_bytes=1 << 40)
with OdbcAdapter(config, Secrets(root=Path("."), environ={})).extract(request) as reading:
    next(iter(reading))
    before = peak()
    rows = sum(batch.num_rows for batch in reading)
print(peak() - before)
"""


def test_memory_does_not_grow_with_the_result(database: Path) -> None:
    fill(database, *[(n, "2026-07-01", 1, "某村" * 20) for n in range(300_000)])
    ran = subprocess.run([sys.executable, "-c", MEMORY, database], capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(ran.stdout) < 20 * 1024
