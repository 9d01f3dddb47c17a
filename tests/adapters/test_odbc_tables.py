"""Table mode and the handshake of a front library, on SQLite, PostgreSQL and MariaDB through their ODBC drivers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from adapters.contract import Acknowledges, Request, Secrets
from adapters.odbc import OdbcAdapter, OdbcConfig
from gateway.errors import ConfigInvalid, SourceDenied, SourceMalformed, SourceUnavailable, YizhanError
from gateway.records.types import Column, FieldType
from tests.adapters.conftest import PASSWORD, rows_of
from tests.adapters.libraries import (
    COLUMNS,
    HANDSHAKE,
    REFUSALS,
    TABLE,
    WIDTH,
    Delivered,
    Library,
    MariaDbLibrary,
    PostgresLibrary,
    SqliteLibrary,
)
from tests.peers.mariadb import MariaDb, mariadb
from tests.peers.postgres import Postgres, postgres

ROWS = (
    ("g1", 1, "2026-09-02", 100, "甲"),
    ("g2", 2, "2026-10-03", 200, "O'Neil\"; DROP TABLE inf_punish; --"),
    ("g3", 3, "2026-10-04", 300, "丙"),
)
NOW = datetime(2026, 11, 8, 1, 2, 3, 456, tzinfo=UTC)  # 09:02:03 in China
Ask = Callable[..., Request]


@pytest.fixture(scope="module")
def pg() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("front")
        running.create_reader("reader", PASSWORD)
        yield running


@pytest.fixture(scope="module")
def maria() -> Iterator[MariaDb]:
    with mariadb() as running:
        running.create_database("front")
        running.create_reader("reader", PASSWORD, "front")
        running.execute([
            "CREATE USER 'writer'@'127.0.0.1' IDENTIFIED BY 'w'", "GRANT ALL ON front.* TO 'writer'@'127.0.0.1'"
        ])  # fmt: skip
        yield running


@pytest.fixture(params=["sqlite", "sqlite-wal", "postgres", "mariadb"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    made: Library
    if request.param == "postgres":
        server = request.getfixturevalue("pg")
        made = PostgresLibrary(server, "front", {"user": "postgres", "password": "env:SUPER"})
    elif request.param == "mariadb":
        server = request.getfixturevalue("maria")
        made = MariaDbLibrary(server, "front", {"user": "writer", "password": "env:WRITER"})
    else:
        made = SqliteLibrary(tmp_path / "front.db", "wal" if request.param == "sqlite-wal" else "delete")
    made.make(*ROWS)
    return made


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteLibrary:
    made = SqliteLibrary(tmp_path / "front.db")
    made.make(*ROWS)
    return made


@pytest.fixture
def keys(tmp_path: Path, request: pytest.FixtureRequest) -> Secrets:
    return Secrets(root=tmp_path, environ={"PASSWORD": PASSWORD, "SUPER": "super-秘-1f", "WRITER": "w"})


@pytest.fixture
def build(keys: Secrets) -> Callable[..., OdbcAdapter]:
    def adapter(library: Library, table: dict[str, Any] | None = None, **changes: Any) -> OdbcAdapter:
        given = {"adapter": "odbc", "connection": library.connection, "table": table or TABLE} | library.account
        return OdbcAdapter(OdbcConfig(**(given | changes)), keys)

    return adapter


@pytest.fixture
def small(ask: Ask) -> Ask:
    return lambda **changes: replace(ask("finance.onecard", columns=COLUMNS, at=NOW), **changes)


Build = Callable[..., OdbcAdapter]


def read(adapter: OdbcAdapter, request: Request) -> list[pa.RecordBatch]:
    with adapter.extract(request) as extraction:
        return list(extraction)


def positions(batches: list[pa.RecordBatch]) -> list[str]:
    return [text for batch in batches for text in batch.column("_position").to_pylist()]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_ready_rows_are_read_exactly_and_found_by_their_key(library: Library, build: Build, small: Ask) -> None:
    library.sql(f"UPDATE inf_punish SET sync_sign = '1' WHERE {library.q('RowGuid')} = 'g1'")
    (batch,) = read(build(library), small())
    assert positions([batch]) == ["RowGuid=g2", "RowGuid=g3"]
    assert [row["who"] for row in batch.to_pylist()] == [ROWS[1][4], "丙"]
    assert [str(row["amount"]) for row in batch.to_pylist()] == ["200", "300"]


def test_a_row_that_comes_late_with_an_older_date_is_read_by_the_next_reading(
    library: Library, build: Build, small: Ask
) -> None:
    adapter = build(library, TABLE | {"period": "create_date"})
    first = read(adapter, small())
    assert adapter.acknowledge(small(), Delivered(first)) == 3
    library.add("late", 9, "2019-01-31", 900, "晚到")
    library.add("future", 10, "2026-11-01", 900, "下月")
    assert positions(read(adapter, small())) == ["RowGuid=late"]


def test_without_cursor_or_handshake_the_periods_own_days_are_read(library: Library, build: Build, small: Ask) -> None:
    library.add("next", 4, "2026-11-01", 400, "丁")
    adapter = build(library, {"name": "inf_punish", "period": "create_date", "order_by": ["no"]})
    assert [str(row["no"]) for row in rows_of(adapter.extract(small()))] == ["2", "3"]


def test_a_period_kept_as_text_is_read_where_it_is_equal(sqlite: SqliteLibrary, build: Build, small: Ask) -> None:
    sqlite.sql("UPDATE inf_punish SET sync_error_desc = '2026-10' WHERE no > 1")
    adapter = build(sqlite, {"name": "inf_punish", "period_text": "sync_error_desc", "order_by": ["no"]})
    assert [row["no"] for row in rows_of(adapter.extract(small()))] == ["2", "3"]


def test_a_column_that_is_not_there_is_refused_and_never_taken_for_a_text(
    library: Library, build: Build, small: Ask
) -> None:
    absent = (*COLUMNS, Column(name="absent", type=FieldType.TEXT, source="absent"))
    with pytest.raises(SourceMalformed):
        read(build(library), small(columns=absent))


def test_a_key_that_is_personal_data_is_refused_because_positions_show_it(
    sqlite: SqliteLibrary, build: Build, small: Ask
) -> None:
    adapter = build(sqlite, TABLE | {"handshake": HANDSHAKE | {"key": ["姓名"]}})
    with pytest.raises(ConfigInvalid):
        read(adapter, small())


@pytest.mark.parametrize(
    "changes",
    [
        {"table": {"name": 'inf"punish', "order_by": ["no"]}},
        {"table": {"name": "inf_punish; DROP TABLE x", "order_by": ["no"]}},
        {"table": {"name": "inf_punish", "order_by": ["no'--"]}},
        {"table": {"name": "a.b.c.d", "order_by": ["no"]}},
        {"table": TABLE | {"handshake": HANDSHAKE | {"ready": "0' OR '1'='1"}}},
        {"table": TABLE | {"handshake": HANDSHAKE | {"key": ['g"']}}},
        {"table": TABLE | {"handshake": HANDSHAKE | {"ready": "1"}}},
        {"table": TABLE | {"handshake": HANDSHAKE | {"key": []}}},
        {"table": {"name": "inf_punish"}},
        {"table": None},
        {"sql": "SELECT 1"},
        {"cursor_column": "no"},
        {"cursor_overlap": "3d"},
        {"marking": {"connection": "Driver=x;PWD=secret"}},
    ],
)
def test_names_with_quotes_and_readings_without_an_order_are_refused_before_anything_is_asked(
    changes: dict[str, Any],
) -> None:
    given = {"adapter": "odbc", "connection": "Driver=SQLite3;Database=x", "table": TABLE}
    with pytest.raises(ValidationError):
        OdbcConfig(**(given | changes))


# --- marking ----------------------------------------------------------------------------------------------------------


def test_taken_and_refused_rows_are_marked_with_time_and_words_that_fit(
    library: Library, build: Build, small: Ask
) -> None:
    adapter = build(library)
    delivered = read(adapter, small())
    words = "金额:不是数字,请改为如 1234.50 的写法[YZ-3021]"
    assert adapter.acknowledge(small(), Delivered(delivered, {"RowGuid=g2": words})) == 3
    sign, at, said = library.row("g1")
    assert (sign, str(at)[:19], said) == ("1", "2026-11-08 09:02:03", None)
    sign, at, said = library.row("g2")
    assert (sign, str(at)[:19], said) == ("9", "2026-11-08 09:02:03", words[: WIDTH - 1] + "…")
    assert read(adapter, small()) == []


def test_marking_again_marks_nothing_more(library: Library, build: Build, small: Ask) -> None:
    adapter = build(library)
    delivered = Delivered(read(adapter, small()))
    assert adapter.acknowledge(small(), delivered) == 3
    before = library.row("g1")
    assert adapter.acknowledge(small(at=datetime(2030, 1, 1, tzinfo=UTC)), delivered) == 0
    assert library.row("g1") == before


def test_a_row_changed_or_added_after_the_reading_stays_ready(library: Library, build: Build, small: Ask) -> None:
    adapter = build(library)
    delivered = Delivered(read(adapter, small()))
    library.change("g2", 201)
    library.add("g4", 4, "2026-10-05", 400, "丁")
    assert adapter.acknowledge(small(), delivered) == 2
    assert library.signs() == {"g1": "1", "g2": "0", "g3": "1", "g4": "0"}
    assert positions(read(adapter, small())) == ["RowGuid=g2", "RowGuid=g4"]


def test_an_update_of_a_row_already_taken_is_read_again(library: Library, build: Build, small: Ask) -> None:
    adapter = build(library)
    adapter.acknowledge(small(), Delivered(read(adapter, small())))
    library.change("g3", 333)
    (batch,) = read(adapter, small())
    assert (positions([batch]), str(batch.to_pylist()[0]["amount"])) == (["RowGuid=g3"], "333")


class Interrupted(Delivered):
    """Another program changes a row between the look at it and its mark."""

    def __init__(self, batches: list[pa.RecordBatch], library: Library) -> None:
        super().__init__(batches)
        self._library, self.changed = library, False

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        with suppress(*REFUSALS):
            self._library.change("g2", 202)
            self.changed = True
        return super().of(batch)


def test_a_row_changed_between_the_look_and_the_mark_is_not_marked(library: Library, build: Build, small: Ask) -> None:
    adapter = build(library)
    batches = read(adapter, small())
    interrupted = Interrupted(batches, library)
    error: YizhanError | None = None
    try:
        adapter.acknowledge(small(), interrupted)
    except YizhanError as refused:
        error = refused
    assert (error is not None) == interrupted.changed  # one of the two gave way
    if interrupted.changed:
        assert isinstance(error, SourceUnavailable)
        assert library.signs() == {"g1": "0", "g2": "0", "g3": "0"}
        assert adapter.acknowledge(small(), Delivered(batches)) == 2
        assert library.signs() == {"g1": "1", "g2": "0", "g3": "1"}
    else:
        assert library.signs() == {"g1": "1", "g2": "1", "g3": "1"}


def test_keys_that_do_not_identify_a_row_mark_nothing(library: Library, build: Build, small: Ask) -> None:
    adapter = build(library)
    delivered = Delivered(read(adapter, small()))
    library.add("g3", 3, "2026-10-04", 301, "同号")  # ready, of the same key, never delivered
    with pytest.raises(SourceMalformed):
        adapter.acknowledge(small(), delivered)
    assert set(library.signs().values()) == {"0"}


def test_a_key_of_several_columns_and_with_quotes_in_its_values(library: Library, build: Build, small: Ask) -> None:
    library.add("x' OR '1'='1", 7, "2026-10-05", 700, "庚")
    adapter = build(library, TABLE | {"handshake": HANDSHAKE | {"key": ["RowGuid", "no"]}})
    batches = [batch.filter(pa.array(["x'" in p for p in positions([batch])])) for batch in read(adapter, small())]
    assert positions(batches) == ["RowGuid=x' OR '1'='1 no=7"]
    assert adapter.acknowledge(small(), Delivered(batches)) == 1
    assert library.signs() == {"g1": "0", "g2": "0", "g3": "0", "x' OR '1'='1": "1"}


def test_a_thousand_rows_are_marked_in_portions_of_one_transaction(library: Library, build: Build, small: Ask) -> None:
    marks = ", ".join(["(?, 8, '2026-10-06', 1, '众', '0')"] * 50)
    names = ", ".join(map(library.q, ("RowGuid", "no", "create_date", "amount", "姓名", "sync_sign")))
    for first in range(0, 1000, 50):
        guids = [f"m{n:04d}" for n in range(first, first + 50)]
        library.sql(f"INSERT INTO inf_punish ({names}) VALUES {marks}", *guids)
    adapter = build(library)
    assert adapter.acknowledge(small(), Delivered(read(adapter, small()))) == 1003
    assert set(library.signs().values()) == {"1"}


def test_a_numeric_sign_a_time_kept_as_text_and_a_large_number_as_key(
    library: Library, build: Build, small: Ask
) -> None:
    """As older front libraries have them."""
    q, big = library.q, 9_007_199_254_740_993
    library.sql(f"DROP TABLE IF EXISTS {q('old')}")
    library.sql(f"CREATE TABLE {q('old')} ({q('id')} BIGINT, {q('flag')} INTEGER, {q('at')} VARCHAR(30))")
    library.sql(f"INSERT INTO {q('old')} VALUES (?, 0, NULL), (?, 0, NULL), (?, 3, NULL)", big, big + 1, big + 2)
    handshake = {"sign": "flag", "read_at": "at", "key": ["id"]}
    adapter = build(library, {"name": "old", "handshake": handshake})
    request = small(columns=(Column(name="id", type=FieldType.INTEGER, source="id"),))
    batches = read(adapter, request)
    assert positions(batches) == [f"id={big}", f"id={big + 1}"]
    assert adapter.acknowledge(request, Delivered(batches, {f"id={big}": "不符"})) == 2
    found = {row[0]: (int(row[1]), row[2]) for row in library.sql(f"SELECT * FROM {q('old')}")}
    assert {number: sign for number, (sign, _) in found.items()} == {big: 9, big + 1: 1, big + 2: 3}
    assert found[big][1].startswith("2026-11-08 09:02:03") and found[big + 2][1] is None


@pytest.mark.parametrize("library", ["postgres"], indirect=True)
@pytest.mark.parametrize("more", [{}, {"accelerator": "arrow-odbc"}])
def test_uuids_are_keys_and_what_the_accelerator_read_is_marked(
    library: Library, build: Build, small: Ask, more: dict[str, str]
) -> None:
    library.sql("ALTER TABLE inf_punish ADD COLUMN guid uuid DEFAULT gen_random_uuid()")
    adapter = build(library, TABLE | {"handshake": HANDSHAKE | {"key": ["guid"]}}, **more)
    delivered = Delivered(read(adapter, small()))
    library.change("g2", 202)
    assert adapter.acknowledge(small(), delivered) == 2
    assert library.signs() == {"g1": "1", "g2": "0", "g3": "1"}


@pytest.mark.parametrize("library", ["postgres", "mariadb"], indirect=True)
def test_an_account_that_may_only_read_is_refused_and_a_marking_account_is_used(
    library: Library, build: Build, small: Ask
) -> None:
    if isinstance(library, PostgresLibrary):
        library.sql("GRANT SELECT ON inf_punish TO reader")
    reader = {"user": "reader", "password": "env:PASSWORD"}
    adapter = build(library, **reader)
    delivered = Delivered(read(adapter, small()))
    with pytest.raises(SourceDenied):
        adapter.acknowledge(small(), delivered)
    assert set(library.signs().values()) == {"0"}
    assert build(library, **reader, marking=library.account).acknowledge(small(), delivered) == 3


def test_a_source_that_is_down_can_be_marked_later(sqlite: SqliteLibrary, build: Build, small: Ask) -> None:
    adapter = build(sqlite)
    delivered = Delivered(read(adapter, small()))
    with closing(sqlite3.connect(sqlite.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceUnavailable):
            adapter.acknowledge(small(), delivered)
    assert adapter.acknowledge(small(), delivered) == 3


def test_only_a_table_with_a_handshake_wants_to_be_told(sqlite: SqliteLibrary, build: Build) -> None:
    told = build(sqlite)
    assert isinstance(told, Acknowledges)
    assert told.marking == "table inf_punish"
    assert build(sqlite, {"name": "inf_punish", "order_by": ["no"]}).marking is None
