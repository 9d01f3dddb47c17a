"""Opening, the two ways of use, rows in bulk, and errors that say nothing they should not."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, select, text

from gateway.database import (
    KEY_TEXT,
    alone,
    empty,
    insert_new_rows,
    insert_rows,
    open_database,
    reading,
    settle,
    upsert,
    writing,
)
from gateway.errors import DatabaseUnsuitable, StoreForbidden, StoreUnavailable
from gateway.ledger import SCHEMA
from tests.peers.postgres import Postgres
from tests.peers.stores import Where, address, fresh

METADATA = MetaData()
THINGS = Table(
    "things", METADATA, Column("place", KEY_TEXT, primary_key=True), Column("name", KEY_TEXT, primary_key=True),
    Column("n", BigInteger),
)  # fmt: skip
STAGE = Table(
    "stage_things", MetaData(), Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("name", KEY_TEXT), prefixes=["TEMPORARY"],
)  # fmt: skip
AWKWARD = [
    "",
    "\\.",
    "\\N",
    "NULL",
    '"',
    '""',
    "a,b",
    "line\nbreak\r\n",
    "\n\\.\n",
    " ",
    "'; --",
    "%s",
    "，中文\U00020000",
    "\x01",
]
texts = st.one_of(st.none(), st.sampled_from(AWKWARD), st.text(st.characters(exclude_characters="\0", codec="utf-8")))
numbers = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bulk")


@pytest.fixture
def things(engine: Engine) -> Engine:
    with writing(engine) as connection:
        METADATA.create_all(connection)
    return engine


def rows(names: list[str | None], first: int = 0) -> pa.RecordBatch:
    return pa.record_batch(
        {"n": pa.array(range(first, first + len(names)), pa.int64()), "name": pa.array(names, pa.utf8())}
    )


@pytest.mark.parametrize("product", ["sqlite", "postgresql"])
@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.tuples(numbers, texts), max_size=30))
def test_rows_in_bulk_are_stored_exactly(
    server: Postgres, folder: Path, product: str, values: list[tuple[int | None, str | None]]
) -> None:
    engine = open_database(folder / "bulk.db" if product == "sqlite" else address(server, "postgres"))
    table = Table("bulk", MetaData(), Column("k", BigInteger), Column("a", BigInteger), Column("b", KEY_TEXT),
                  prefixes=["TEMPORARY"])  # fmt: skip
    columns = [pa.array(range(len(values)), pa.int64()), pa.array([n for n, _ in values], pa.int64()),
               pa.array([t for _, t in values], pa.utf8())]  # fmt: skip
    with writing(engine) as connection:
        table.create(connection)
        insert_rows(connection, table, pa.record_batch(columns, ["k", "a", "b"]))
        found = connection.execute(select(table.c.a, table.c.b).order_by(table.c.k)).all()
        table.drop(connection)
    engine.dispose()
    assert [tuple(row) for row in found] == values


def test_only_rows_whose_key_is_new_go_in_and_of_equal_ones_the_first(things: Engine) -> None:
    with writing(things) as connection:
        STAGE.create(connection)
        assert insert_new_rows(connection, THINGS, STAGE, {"place": "here"}, rows(["a", "b", "a"])) == 2
        assert insert_new_rows(connection, THINGS, STAGE, {"place": "here"}, rows(["c", "b"], 10)) == 1
        assert insert_new_rows(connection, THINGS, STAGE, {"place": "there"}, rows(["b"], 20)) == 1
        assert insert_new_rows(connection, THINGS, STAGE, {"place": "there"}, rows([])) == 0
        assert connection.execute(select(STAGE)).all() == []
        STAGE.drop(connection)
    with reading(things) as connection:
        found = connection.execute(select(THINGS).order_by(THINGS.c.n)).all()
    assert [tuple(row) for row in found] == [("here", "a", 0), ("here", "b", 1), ("here", "c", 10), ("there", "b", 20)]


def test_a_stage_can_be_emptied_and_filled_again(things: Engine) -> None:
    with writing(things) as connection:
        STAGE.create(connection)
        insert_rows(connection, STAGE, rows(["a"]))
        empty(connection, STAGE)
        insert_rows(connection, STAGE, rows(["b"]))
        assert connection.execute(select(STAGE.c.name)).scalars().all() == ["b"]


def test_an_insert_on_conflict_is_the_same_statement_on_both(things: Engine) -> None:
    with writing(things) as connection:
        for n in (1, 2):
            statement = upsert(connection, THINGS).values(place="here", name="a", n=n)
            connection.execute(statement.on_conflict_do_update(index_elements=["place", "name"], set_={"n": n}))
        assert connection.execute(select(THINGS.c.n)).scalars().all() == [2]


def test_text_is_sorted_by_its_bytes(things: Engine) -> None:
    names = ["a", "B", "é", "中", "Z", "2026-10", "2026Q3", "-"]
    with writing(things) as connection:
        connection.execute(THINGS.insert(), [{"place": "here", "name": name, "n": 0} for name in names])
        found = connection.execute(select(THINGS.c.name).order_by(THINGS.c.name)).scalars().all()
    assert found == sorted(names, key=str.encode)


def test_a_reader_sees_one_moment_however_often_it_looks(things: Engine) -> None:
    with reading(things) as before:
        seen = [before.execute(select(THINGS)).all()]
        with writing(things) as connection:
            connection.execute(THINGS.insert(), [{"place": "here", "name": "a", "n": 0}])
        seen.append(before.execute(select(THINGS)).all())
    assert seen == [[], []]
    with reading(things) as after:
        assert len(after.execute(select(THINGS)).all()) == 1


@pytest.mark.parametrize("product", ["postgresql"])
def test_what_reads_cannot_write(things: Engine) -> None:
    with pytest.raises(StoreUnavailable), reading(things) as connection:
        connection.execute(THINGS.delete())


@pytest.mark.parametrize("product", ["postgresql"])
@pytest.mark.parametrize(("names", "waits"), [(("b", "a"), True), (("c",), False)])
def test_who_is_alone_with_a_name_keeps_only_its_like_waiting(
    things: Engine, names: tuple[str, ...], waits: bool
) -> None:
    entered = threading.Event()

    def other() -> None:
        with writing(things) as connection:
            alone(connection, *names)
            entered.set()

    with writing(things) as connection:
        alone(connection, "a", "b")
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(0.3 if waits else 10) is not waits
    thread.join(10)
    assert entered.is_set()


SECRET = "p-口令-绝密"


def test_a_password_is_in_no_words_of_ours(server: Postgres) -> None:
    where = replace(fresh(server), password=SECRET)
    engine = open_database(where)
    with pytest.raises(StoreUnavailable) as refused:
        settle(engine, SCHEMA)
    said = (
        repr(where),
        repr(engine),
        str(engine.url),
        repr(engine.url),
        refused.value.message("zh"),
        str(refused.value),
    )
    assert not any(SECRET in one for one in said)
    assert refused.value.__suppress_context__
    engine.dispose()


def test_a_server_that_is_not_there_is_a_retry(server: Postgres) -> None:
    engine = open_database(replace(address(server, "postgres"), port=1))
    with pytest.raises(StoreUnavailable) as refused:
        settle(engine, SCHEMA)
    assert refused.value.facts["file"] == "127.0.0.1:1/postgres"
    engine.dispose()


def test_a_right_that_is_missing_is_said_without_the_drivers_words(server: Postgres) -> None:
    where = fresh(server)
    name = f"u{where.database}"
    server.create_reader(name, SECRET)
    engine = open_database(replace(where, user=name, password=SECRET))
    with pytest.raises(StoreForbidden) as refused, writing(engine) as connection:
        connection.execute(text("CREATE TABLE 秘密 (a int)"))
    assert refused.value.facts == {"place": f"{where.host}:{where.port}/{where.database}"}
    assert refused.value.exit_code == 75
    engine.dispose()


def test_a_database_that_is_not_in_utf8_is_refused(server: Postgres) -> None:
    server.execute(["CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"])
    engine = open_database(address(server, "latin"))
    with pytest.raises(DatabaseUnsuitable) as refused:
        settle(engine, SCHEMA)
    assert refused.value.facts["encoding"] == "LATIN1"
    engine.dispose()


def test_connections_that_did_not_outlive_the_server_are_made_anew(server: Postgres) -> None:
    engine = open_database(fresh(server, SCHEMA))
    settle(engine, SCHEMA)
    server.stop()
    server.start()
    settle(engine, SCHEMA)
    engine.dispose()


def test_without_psycopg_the_extra_is_named_and_files_still_open(where: Where, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['psycopg'] = None\nfrom pathlib import Path\nfrom gateway.database import *\n"
        "from gateway.errors import DatabaseDriverMissing\nopen_database(Path(sys.argv[1])).dispose()\n"
        "try: open_database(PostgresAddress(host='h', database='d', user='u', password='p'))\n"
        "except DatabaseDriverMissing as missing: print(missing)"
    )
    said = subprocess.check_output([sys.executable, "-c", code, str(tmp_path / "a.db")], text=True)
    assert "yizhan[postgres]" in said
