"""PostgreSQL through its real ODBC driver: every value exact or refused, every failure told by what to do next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.contract import Declared, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from adapters.specimens import asked
from gateway.errors import (
    CollectingStopped,
    ConfigInvalid,
    LimitExceeded,
    Retry,
    SourceDenied,
    SourceMalformed,
    SourceUnavailable,
    YizhanError,
)
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import PASSWORD, rows_of
from tests.peers.postgres import Postgres, postgres
from tests.peers.processes import ROOT

Build = Callable[..., OdbcAdapter]
LONG = "1234567890123456789012345678.0123456789"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("county")
        running.create_reader("reader", PASSWORD)
        running.execute(
            [
                "CREATE TABLE secret (a int)",
                "CREATE TABLE many AS SELECT n AS no, repeat('某', 50) AS who FROM generate_series(1, 200000) AS n",
                "GRANT SELECT ON many TO reader",
            ],
            "county",
        )
        yield running


@pytest.fixture(params=[None, "arrow-odbc"], ids=["pyodbc", "arrow-odbc"])
def accelerator(request: pytest.FixtureRequest) -> str | None:
    return request.param


@pytest.fixture
def build(server: Postgres, secrets: Secrets, accelerator: str | None) -> Build:
    def adapter(sql: str, **changes: Any) -> OdbcAdapter:
        connection = f"Driver=PostgreSQL Unicode;Server={server.host};Port={server.port};Database=county"
        given = {"connection": connection, "user": "reader", "password": "env:PASSWORD", "accelerator": accelerator}
        return OdbcAdapter(OdbcConfig(**({"adapter": "odbc", "sql": sql} | given | changes)), secrets)

    return adapter


def one(build: Build, expression: str, kind: FieldType = FieldType.TEXT) -> object:
    """The value of an expression, as it arrives in a field of that type."""
    ((row),) = rows_of(build(f"SELECT {expression} AS a").extract(asked((Column(name="a", type=kind),))))
    return row["a"]


@pytest.mark.parametrize(
    ("kind", "expression", "expected"),
    [
        (FieldType.DECIMAL, f"{LONG}::numeric(38,10)", LONG),
        (FieldType.DECIMAL, f"{LONG}12345::numeric", f"{LONG}12345"),
        (FieldType.MONEY, "1200.00::numeric(18,2)", "1200.00"),
        (FieldType.MONEY, "'NaN'::numeric", "NaN"),
        (FieldType.MONEY, "'Infinity'::numeric", "Infinity"),
        (FieldType.INTEGER, "9223372036854775807", "9223372036854775807"),
        (FieldType.DATE, "date '2026-02-28'", "2026-02-28"),
        (FieldType.DATE, "'infinity'::date", "infinity"),
        (FieldType.DATE, "'-infinity'::date", "-infinity"),
        (FieldType.DATE, "'0044-03-15 BC'::date", "0044-03-15 BC"),
        (FieldType.DATE, "'12026-01-01'::date", "12026-01-01"),
        (FieldType.TIMESTAMP, "'infinity'::timestamp", "infinity"),
        (FieldType.TIMESTAMP, "timestamp '2026-02-28 08:30:00.123456'", "2026-02-28 08:30:00.123456"),
        (FieldType.TIMESTAMP, "timestamptz '2026-02-28 08:30:00.123456Z'", "2026-02-28 16:30:00.123456+08:00"),
        (FieldType.TIMESTAMP, "timestamptz '1900-01-01 00:00:00Z'", "1900-01-01 08:05:43+08:05:43"),
        (FieldType.BOOLEAN, "true", True),
        (FieldType.BOOLEAN, "false", False),
        (FieldType.BOOLEAN, "null::boolean", None),
        (FieldType.TEXT, "''", ""),
        (FieldType.TEXT, "null::text", None),
        (FieldType.TEXT, "'NULL'", "NULL"),
        (FieldType.TEXT, "'a,b\"c\\d(e)''𠮷😀' || chr(10) || chr(13) || chr(9) || ' '", "a,b\"c\\d(e)'𠮷😀\n\r\t "),
        (FieldType.TEXT, "chr(92) || chr(92) || chr(34)", '\\\\"'),
        (FieldType.TEXT, "'王'::char(5)", "王    "),
        (FieldType.TEXT, "interval '1 year 2 days'", "1 year 2 days"),
        (FieldType.TEXT, "time '23:59:59.5'", "23:59:59.5"),
        (FieldType.TEXT, "'[1, 2]'::jsonb", "[1, 2]"),
    ],
)  # fmt: skip
def test_a_value_arrives_exactly_or_as_text_that_the_checks_will_judge(
    build: Build, kind: FieldType, expression: str, expected: object
) -> None:
    assert one(build, expression, kind) == expected


@pytest.mark.parametrize("accelerator", [None], indirect=True)
def test_a_text_of_any_length_arrives_whole(build: Build) -> None:
    assert one(build, "repeat('王', 300000)") == "王" * 300_000


@pytest.mark.parametrize("accelerator", ["arrow-odbc"], indirect=True)
def test_a_row_too_long_for_the_accelerator_is_refused_and_never_cut(build: Build) -> None:
    with pytest.raises(SourceMalformed, match="accelerator"):
        one(build, "repeat('王', 300000)")


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        (FieldType.MONEY, "0.1::float8"),
        (FieldType.DECIMAL, "0.1::float4"),
        (FieldType.MONEY, "'12.5'::money"),
        (FieldType.TEXT, "'\\x00ff'::bytea"),
        (FieldType.CODE, "true"),
    ],
)
def test_a_type_that_cannot_carry_the_field_is_refused_by_name(build: Build, kind: FieldType, expression: str) -> None:
    with pytest.raises(SourceMalformed, match="column a "):
        one(build, expression, kind)


def test_the_binds_have_types_and_the_day_begins_in_shanghai(build: Build) -> None:
    sql = (
        "SELECT :period || '/' || :period_start || '/' || :period_end || '/' || coalesce(:cursor, '-') || '/' ||"
        " (timestamptz '2026-09-30 16:00:00Z' >= :period_start) AS a"
    )
    rows = rows_of(build(sql).extract(asked((Column(name="a", type=FieldType.TEXT),))))
    assert [row["a"] for row in rows] == ["2026-10/2026-10-01/2026-11-01/-/true"]


def test_totals_and_rows_are_of_one_moment(server: Postgres, build: Build) -> None:
    server.execute(
        [
            "CREATE TABLE moving AS SELECT n AS a FROM generate_series(1, 20000) AS n",
            "GRANT SELECT ON moving TO reader",
        ],
        "county",
    )
    adapter = build("SELECT a FROM moving ORDER BY a", totals_sql='SELECT count(*) AS "rows" FROM moving')
    with adapter.extract(asked((Column(name="a", type=FieldType.INTEGER),))) as reading:
        count = next(iter(reading)).num_rows
        server.execute(["DELETE FROM moving"], "county")
        count += sum(batch.num_rows for batch in reading)
        assert (reading.declared, count) == (Declared(rows=20_000), 20_000)
    server.execute(["DROP TABLE moving"], "county")


def test_a_statement_with_a_clause_a_comment_and_a_quoted_name_is_taken(build: Build) -> None:
    sql = 'WITH x AS (SELECT 1 AS "身份""证") SELECT x."身份""证", 2 AS b FROM x -- the end'
    columns = (Column(name="b", type=FieldType.TEXT), Column(name="id", type=FieldType.TEXT, source='身份"证'))
    rows = rows_of(build(sql).extract(asked(columns)))
    assert [(row["b"], row["id"]) for row in rows] == [("2", "1")]


@pytest.mark.parametrize(
    ("sql", "changes", "error"),
    [
        ("SELECT 1 AS a", {"password": "env:WRONG"}, SourceDenied),
        ("SELECT 1 AS a", {"user": "nobody_there"}, SourceDenied),
        ("SELECT a FROM secret", {}, SourceDenied),
        ("SELECT a FROM absent", {}, SourceMalformed),
        ("SELECT a FRM absent", {}, SourceMalformed),
        ("SELECT 1 / (n - 3) AS a FROM generate_series(1, 5) AS n", {}, SourceMalformed),
        ("SELECT 1 AS a", {"connection": "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=1"}, SourceUnavailable),
        ("SELECT 1 AS a", {"connection": "Driver=No Such Driver;Server=127.0.0.1"}, SourceMalformed),
    ],
)
def test_a_failure_is_classed_by_what_to_do_next(
    build: Build, sql: str, changes: dict[str, str], error: type[YizhanError]
) -> None:
    with pytest.raises(error) as refused:
        rows_of(build(sql, **changes).extract(asked((Column(name="a", type=FieldType.TEXT),))))
    assert refused.value.__cause__ is None
    assert PASSWORD not in refused.value.message("zh") + refused.value.message("en")


def test_a_session_ended_by_its_server_can_be_tried_again(server: Postgres, build: Build) -> None:
    adapter = build("SELECT no, who FROM many ORDER BY no")
    with adapter.extract(asked((Column(name="who", type=FieldType.TEXT),), batch_rows=100)) as reading:
        next(iter(reading))
        with psycopg.connect(server.dsn(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
        with pytest.raises(Retry):
            for _ in reading:
                pass


def test_a_query_without_an_end_is_cut_off_at_the_deadline(build: Build) -> None:
    started = time.monotonic()
    with pytest.raises(LimitExceeded):
        sql = "SELECT count(*) AS a FROM generate_series(1, 1000000000000) AS n"
        rows_of(build(sql).extract(asked((Column(name="a", type=FieldType.TEXT),), deadline=started + 1)))
    assert time.monotonic() - started < 5


def children() -> list[int]:
    pid = os.getpid()
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for tasks in found for child in tasks.read_text().split()]


@pytest.mark.parametrize("accelerator", ["arrow-odbc"], indirect=True)
class TestChild:
    """The accelerator's process."""

    COLUMNS = (Column(name="who", type=FieldType.TEXT),)
    SQL = "SELECT no, who FROM many ORDER BY no"

    @pytest.mark.parametrize(("by", "error"), [(signal.SIGKILL, SourceUnavailable), (signal.SIGABRT, SourceMalformed)])
    def test_its_death_is_an_error_and_never_the_end_of_the_rows(
        self, build: Build, by: signal.Signals, error: type[YizhanError]
    ) -> None:
        before = children()
        with build(self.SQL).extract(asked(self.COLUMNS)) as reading:
            next(iter(reading))
            (child,) = set(children()) - set(before)
            os.kill(child, by)
            with pytest.raises(error):
                for _ in reading:
                    pass
        assert children() == before

    def test_it_is_gone_when_the_reading_is_cancelled_or_closed(self, build: Build) -> None:
        before = children()
        cancelled = threading.Event()
        with build(self.SQL).extract(asked(self.COLUMNS, cancelled=cancelled)) as reading:
            next(iter(reading))
            assert len(children()) == len(before) + 1
            cancelled.set()
            with pytest.raises(CollectingStopped):
                for _ in reading:
                    pass
        assert children() == before

    def test_its_arguments_and_environment_hold_no_secret(self, build: Build) -> None:
        before = children()
        with build(self.SQL).extract(asked(self.COLUMNS)) as reading:
            next(iter(reading))
            (child,) = set(children()) - set(before)
            told = Path(f"/proc/{child}/cmdline").read_bytes() + Path(f"/proc/{child}/environ").read_bytes()
        assert b"accelerator.py" in told
        assert PASSWORD.encode() not in told


def test_without_arrow_odbc_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['arrow_odbc'] = None\n"
        "from pathlib import Path; from adapters.contract import Secrets; from adapters.odbc import OdbcConfig\n"
        "from adapters.odbc.connecting import accelerate; from gateway.errors import DriverMissing\n"
        "config = OdbcConfig(adapter='odbc', connection='Driver=x', sql='SELECT 1', accelerator='arrow-odbc')\n"
        "try: accelerate(config, Secrets(root=Path('.'), environ={}))\n"
        "except DriverMissing as missing: print(missing.facts['extra'], missing.facts['package'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.split() == ["odbc", "arrow_odbc"]


@pytest.mark.parametrize("accelerator", ["arrow-odbc"], indirect=True)
def test_another_database_cannot_be_accelerated(tmp_path: Path, build: Build) -> None:
    with pytest.raises(ConfigInvalid, match="accelerator"):
        build("SELECT 1 AS a", connection=f"Driver=SQLite3;Database={tmp_path / 'a.db'};NoCreat=0").extract(
            asked((Column(name="a", type=FieldType.TEXT),), start=date(2026, 10, 1))
        )
