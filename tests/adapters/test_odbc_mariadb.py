"""MariaDB through its real ODBC driver: every value exact or refused, every failure told by what to do next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from adapters.contract import Declared, Secrets
from adapters.isolation import Task, peak
from adapters.odbc import OdbcAdapter, OdbcConfig, connecting
from adapters.odbc.mariadb import MariaDb as Packing
from adapters.odbc.mariadb import MySql
from adapters.odbc.results import Result
from adapters.odbc.values import reader
from adapters.specimens import asked
from adapters.statements import Statement
from gateway.errors import LimitExceeded, Retry, SourceDenied, SourceMalformed, SourceUnavailable, YizhanError
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import PASSWORD, rows_of
from tests.peers.mariadb import MariaDb, mariadb

Build = Callable[..., OdbcAdapter]
LONG = "1234567890123456789012345678.0123456789"
TRAPS = (
    (FieldType.DATE, "date", "'0000-00-00'", "0000-00-00"),
    (FieldType.DATE, "date", "'2024-00-15'", "2024-00-15"),
    (FieldType.DATE, "date", "'2026-02-28'", "2026-02-28"),
    (FieldType.TIMESTAMP, "datetime(6)", "'0000-00-00'", "0000-00-00 00:00:00.000000"),
    (FieldType.TIMESTAMP, "datetime(6)", "'2026-02-28 08:30:00.123456'", "2026-02-28 08:30:00.123456"),
    (FieldType.TIMESTAMP, "timestamp(6) NULL", "'2026-02-28 08:30:00.5'", "2026-02-28 08:30:00.500000"),
    (FieldType.TEXT, "time", "'-838:59:59'", "-838:59:59"),
    (FieldType.CODE, "bigint unsigned", "18446744073709551615", "18446744073709551615"),
    (FieldType.INTEGER, "int unsigned", "4294967295", "4294967295"),
    (FieldType.INTEGER, "tinyint unsigned", "255", "255"),
    (FieldType.CODE, "tinyint(1)", "5", "5"),
    (FieldType.CODE, "year", "2026", "2026"),
    (FieldType.BOOLEAN, "bit(1)", "1", True),
    (FieldType.BOOLEAN, "bit(1)", "0", False),
    (FieldType.BOOLEAN, "bit(1)", "NULL", None),
    (FieldType.DECIMAL, "decimal(38,10)", LONG, LONG),
    (FieldType.MONEY, "decimal(18,2)", "-0.10", "-0.10"),
    (FieldType.TEXT, "varchar(20)", "CONCAT('a', CHAR(0 USING utf8mb4), 'b')", "a\0b"),
    (FieldType.TEXT, "varchar(20)", "'𠮷😀'", "𠮷😀"),
    (FieldType.TEXT, "varchar(20) CHARACTER SET gbk", "'王芳弢'", "王芳弢"),
    (FieldType.TEXT, "varchar(20) CHARACTER SET latin1", "'é'", "é"),
    (FieldType.TEXT, "longtext", "REPEAT('王', 300000)", "王" * 300_000),
    (FieldType.TEXT, "varchar(40)", "'a,\"b\"\\\\c\\n\\r(d)'", 'a,"b"\\c\n\r(d)'),
    (FieldType.TEXT, "varchar(20)", "''", ""),
    (FieldType.TEXT, "varchar(20)", "NULL", None),
    (FieldType.TEXT, "json", "'[1, 2]'", "[1, 2]"),
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb() as running:
        running.create_database("county")
        running.create_database("closed")
        running.create_reader("reader", PASSWORD, "county")
        running.execute(
            [
                "SET sql_mode = 'ALLOW_INVALID_DATES'",
                *(f"CREATE TABLE t{n} (a {kind})" for n, (_, kind, _, _) in enumerate(TRAPS)),
                *(f"INSERT INTO t{n} VALUES ({value})" for n, (_, _, value, _) in enumerate(TRAPS)),
                "CREATE TABLE odd (f float, d double, b8 bit(8), bin varbinary(9))",
                "INSERT INTO odd VALUES (0.1, 0.1, 170, 'x')",
                "CREATE TABLE many AS SELECT seq AS no, REPEAT('某', 50) AS who FROM seq_1_to_100000",
                "CREATE TABLE coded (who varchar(20) CHARACTER SET gbk COLLATE gbk_bin)",
                "INSERT INTO coded VALUES ('王芳'), ('O''亅')",
                "CREATE TABLE closed.t (a int)",
            ],
            "county",
        )
        yield running


@pytest.fixture
def build(server: MariaDb, secrets: Secrets) -> Build:
    def adapter(sql: str, **changes: Any) -> OdbcAdapter:
        connection = f"Driver=MariaDB Unicode;Server={server.host};Port={server.port};Database=county"
        given = {"connection": connection, "user": "reader", "password": "env:PASSWORD"}
        return OdbcAdapter(OdbcConfig(**({"adapter": "odbc", "sql": sql} | given | changes)), secrets)

    return adapter


@pytest.mark.parametrize("n", range(len(TRAPS)), ids=lambda n: f"{TRAPS[n][1]} {TRAPS[n][2][:30]}")
@pytest.mark.parametrize("dialect", [Packing, MySql], ids=["packed", "values"])
def test_a_value_arrives_exactly_or_as_text_that_the_checks_will_judge(
    server: MariaDb, build: Build, secrets: Secrets, dialect: type[MySql], n: int
) -> None:
    """Also over the way that other servers of the family need, which have no anonymous blocks."""
    kind, _, _, expected = TRAPS[n]
    config = build(f"SELECT a FROM t{n}")._config
    column = Column(name="a", type=kind)
    request = asked((column,))
    with closing(connecting.connect(config, secrets, request)) as connection:
        cursor = connection.cursor()
        result: Result = dialect(connection, {}).open(Statement.parse(f"SELECT a FROM t{n}"), cursor)
        result.select([reader(column, result.kinds[0])], cursor)
        ((value,),) = (array.to_pylist() for array in result.fetch(10))
        assert value == expected
        assert result.fetch(10) == []


@pytest.mark.parametrize("name", ["f", "d", "b8", "bin"])
def test_a_type_that_cannot_carry_the_field_is_refused_by_name(build: Build, name: str) -> None:
    with pytest.raises(SourceMalformed, match=f"column {name} "):
        rows_of(build("SELECT * FROM odd").extract(asked((Column(name=name, type=FieldType.MONEY),))))


@pytest.mark.parametrize("zone", ["+00:00", "SYSTEM", "+08:00"])
def test_a_moment_is_told_in_shanghai_whatever_the_servers_zone(server: MariaDb, build: Build, zone: str) -> None:
    server.execute([f"SET GLOBAL time_zone = '{zone}'"])
    sql = "SELECT FROM_UNIXTIME(1772238600) AS a"
    rows = rows_of(build(sql).extract(asked((Column(name="a", type=FieldType.TIMESTAMP),))))
    assert [row["a"] for row in rows] == ["2026-02-28 08:30:00"]


@pytest.mark.parametrize("cursor", ["王芳", "O'亅", "x') OR 1=1; DROP TABLE coded; -- ", "\\", "a\0b"])
def test_a_cursor_is_a_value_and_never_sql_whatever_the_columns_encoding(build: Build, cursor: str) -> None:
    sql = "SELECT who FROM coded WHERE who = :cursor"
    rows = rows_of(build(sql).extract(asked((Column(name="who", type=FieldType.TEXT),), cursor=cursor)))
    assert [row["who"] for row in rows] == ([cursor] if cursor in ("王芳", "O'亅") else [])
    echo = rows_of(build("SELECT :cursor AS a").extract(asked((Column(name="a", type=FieldType.TEXT),), cursor=cursor)))
    assert [row["a"] for row in echo] == [cursor]


def test_the_binds_stand_for_the_period(build: Build) -> None:
    sql = "WITH x AS (SELECT CONCAT_WS('/', :period, :period_start, :period_end, :cursor) AS a) SELECT a FROM x -- end"
    rows = rows_of(build(sql).extract(asked((Column(name="a", type=FieldType.TEXT),))))
    assert [row["a"] for row in rows] == ["2026-10/2026-10-01/2026-11-01"]


def test_totals_and_rows_are_of_one_moment(server: MariaDb, build: Build) -> None:
    server.execute(["CREATE TABLE moving AS SELECT seq AS a FROM seq_1_to_20000"], "county")
    adapter = build("SELECT a FROM moving ORDER BY a", totals_sql="SELECT COUNT(*) AS `rows` FROM moving")
    with adapter.extract(asked((Column(name="a", type=FieldType.INTEGER),))) as reading:
        count = next(iter(reading)).num_rows
        server.execute(["DELETE FROM moving"], "county")
        count += sum(batch.num_rows for batch in reading)
        assert (reading.declared, count) == (Declared(rows=20_000), 20_000)
    server.execute(["DROP TABLE moving"], "county")


@pytest.mark.parametrize(
    ("sql", "changes", "error"),
    [
        ("SELECT 1 AS a", {"password": "env:WRONG"}, SourceDenied),
        ("SELECT 1 AS a", {"user": "nobody_there"}, SourceDenied),
        ("SELECT a FROM closed.t", {}, SourceDenied),
        ("SELECT a FROM absent", {}, SourceMalformed),
        ("SELECT a FRM absent", {}, SourceMalformed),
        ("SELECT 1 AS a", {"connection": "Driver=MariaDB Unicode;Server=127.0.0.1;Port=1"}, SourceUnavailable),
    ],
)
def test_a_failure_is_classed_by_what_to_do_next(
    build: Build, sql: str, changes: dict[str, str], error: type[YizhanError]
) -> None:
    with pytest.raises(error) as refused:
        rows_of(build(sql, **changes).extract(asked((Column(name="a", type=FieldType.TEXT),))))
    assert refused.value.__cause__ is None
    assert PASSWORD not in refused.value.message("zh") + refused.value.message("en")


def test_a_session_ended_by_its_server_can_be_tried_again(server: MariaDb, build: Build) -> None:
    adapter = build("SELECT no, who FROM many ORDER BY no")
    with adapter.extract(asked((Column(name="who", type=FieldType.TEXT),), batch_rows=100)) as reading:
        next(iter(reading))
        server.execute([f"KILL USER 'reader'@'{server.host}'"])
        with pytest.raises(Retry):
            for _ in reading:
                pass


def test_a_query_without_an_end_is_cut_off_at_the_deadline(build: Build) -> None:
    started = time.monotonic()
    with pytest.raises(LimitExceeded):
        rows_of(
            build("SELECT SLEEP(60) AS a").extract(
                asked((Column(name="a", type=FieldType.TEXT),), deadline=started + 1)
            )
        )
    assert time.monotonic() - started < 5


def test_lines_that_the_server_may_not_send_are_refused_and_never_cut(server: MariaDb, build: Build) -> None:
    columns = (Column(name="a", type=FieldType.TEXT), Column(name="b", type=FieldType.TEXT))
    server.execute(["SET GLOBAL max_allowed_packet = 1048576"])
    with pytest.raises(SourceMalformed):
        rows_of(build("SELECT REPEAT('x', 600000) AS a, REPEAT('y', 600000) AS b").extract(asked(columns)))
    server.execute(["SET GLOBAL max_allowed_packet = 67108864"])


def test_memory_does_not_grow_with_the_result(server: MariaDb, build: Build, secrets: Secrets) -> None:
    columns = (Column(name="who", type=FieldType.TEXT),)
    held = [
        peak(Task(adapter=OdbcAdapter, config=build(sql)._config, secrets=secrets, columns=columns)).held
        for sql in ("SELECT who FROM many LIMIT 10000", "SELECT a.who FROM many a, (SELECT 1 UNION SELECT 2) b")
    ]
    assert held[1] - held[0] < 8 << 20
