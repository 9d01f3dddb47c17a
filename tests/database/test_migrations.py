"""Migrations end where the tables are described, in one step or not at all, and never alter what they do not know."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from gateway.app.upgrading import SCHEMAS
from gateway.database import Schema, migrate, missing_guards, open_database, reading, settle, version_of, writing
from gateway.errors import SchemaAhead, SchemaBehind, SchemaUnknown
from gateway.ledger import LEDGER, SCHEMA, Event, EventKind, Ledger
from gateway.warehouse import BATCHES
from tests.peers.postgres import Postgres
from tests.peers.stores import Where, fresh, spell, stranger

ENV = {"PYTHONPATH": str(Path(__file__).parents[2])}
_SQLITE = "SELECT type, name, replace(replace(replace(sql, char(10), ''), char(9), ''), ' ', '') FROM sqlite_master"
_POSTGRES = (
    "SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,"
    " a.attcollation::regcollation::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " WHERE a.attnum > 0 AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')",
    "SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT 'trigger', pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger WHERE NOT tgisinternal",
)


def structure(where: Where) -> set[tuple[object, ...]]:
    """All a database says of its tables, without the version tables."""
    queries = (_SQLITE,) if isinstance(where, Path) else _POSTGRES
    with stranger(where) as outside:
        found = {tuple(row) for query in queries for row in outside.execute(query).fetchall()}
    return {row for row in found if not any("_version" in str(value) for value in row)}


def scripts(folder: Path, body: str) -> Schema:
    """The ledger's migrations and one more."""
    shutil.copytree(SCHEMA.scripts, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "9000_more.py").write_text(
        "import os\nimport sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9000', '{SCHEMA.head}'\n\ndef upgrade():\n{body}\n"
    )
    return replace(SCHEMA, head="9000", scripts=folder / "migrations")


ADD = "    op.add_column('ledger_head', sa.Column('more', sa.Text))\n"
CREATE = "    op.create_table('more', sa.Column('a', sa.Integer))\n"


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_migrated_tables_are_the_tables_described(
    schema: Schema, product: str, where: Where, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    migrate(engine, schema)
    described = tmp_path / "described.db" if product == "sqlite" else fresh(request.getfixturevalue("server"))
    other = open_database(described)
    with writing(other) as connection:
        schema.metadata.create_all(connection)
    other.dispose()
    assert structure(where) == structure(described) != set()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_newest_migration_is_the_one_that_is_needed(schema: Schema) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.scripts))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.head]


def test_all_rooms_live_in_one_database_with_their_guards(engine: Engine) -> None:
    assert [schema.name for schema in migrate(engine, *SCHEMAS)] == [schema.name for schema in SCHEMAS]
    assert migrate(engine, *SCHEMAS) == []
    with reading(engine) as connection:
        assert [version_of(connection, schema) for schema in SCHEMAS] == [schema.head for schema in SCHEMAS]
        assert [missing_guards(connection, table) for table in (LEDGER, BATCHES)] == [[], []]


def test_an_upgrade_keeps_every_line(engine: Engine, tmp_path: Path) -> None:
    migrate(engine, SCHEMA)
    ledger = Ledger(engine, "changning")
    ledger.append(Event(at=datetime(2026, 11, 22, tzinfo=UTC), kind=EventKind.LANDED))
    lines = list(ledger.lines())
    assert migrate(engine, scripts(tmp_path, ADD + CREATE)) != []
    assert list(ledger.lines()) == lines
    assert list(ledger.verify()) == []
    with reading(engine) as connection:
        assert connection.execute(text("SELECT more FROM ledger_head")).scalars().all() == [None]


@pytest.mark.parametrize("open_it", [settle, migrate], ids=["opening", "upgrading"])
def test_tables_of_a_later_version_are_refused_and_left_alone(
    where: Where, engine: Engine, open_it: Callable[[Engine, Schema], object]
) -> None:
    migrate(engine, SCHEMA)
    with stranger(where) as outside:
        outside.execute("UPDATE ledger_version SET version_num = '9999'")
    before = structure(where)
    with pytest.raises(SchemaAhead) as refused:
        open_it(engine, SCHEMA)
    assert (refused.value.facts["found"], refused.value.facts["needed"]) == ("9999", SCHEMA.head)
    assert structure(where) == before


def test_an_upgrade_that_fails_half_way_changes_nothing(where: Where, engine: Engine, tmp_path: Path) -> None:
    migrate(engine, SCHEMA)
    before = structure(where)
    with pytest.raises(KeyError, match="half way"):
        migrate(engine, scripts(tmp_path, ADD + CREATE + "    raise KeyError('half way')\n"))
    assert structure(where) == before
    with reading(engine) as connection:
        assert version_of(connection, SCHEMA) == SCHEMA.head


def test_an_upgrade_that_is_killed_half_way_changes_nothing(where: Where, engine: Engine, tmp_path: Path) -> None:
    migrate(engine, SCHEMA)
    before = structure(where)
    scripts(tmp_path, ADD + CREATE + "    os.kill(os.getpid(), 9)\n")
    code = (
        "import sys\nfrom dataclasses import replace\nfrom pathlib import Path\nfrom gateway.ledger import SCHEMA\n"
        "from gateway.database import migrate, open_database\nfrom tests.peers.stores import read\n"
        "schema = replace(SCHEMA, head='9000', scripts=Path(sys.argv[2]))\n"
        "migrate(open_database(read(sys.argv[1])), schema)"
    )
    run = [sys.executable, "-c", code, spell(where), str(tmp_path / "migrations")]
    assert subprocess.run(run, env=ENV, check=False).returncode == -9
    assert structure(where) == before
    assert list(Ledger(engine, "changning").verify()) == []


def test_two_that_upgrade_at_once_do_it_once(where: Where, engine: Engine) -> None:
    code = (
        "import sys\nfrom gateway.app.upgrading import SCHEMAS\nfrom gateway.database import migrate, open_database\n"
        "from tests.peers.stores import read\nprint(len(migrate(open_database(read(sys.argv[1])), *SCHEMAS)))"
    )
    run = [sys.executable, "-c", code, spell(where)]
    children = [subprocess.Popen(run, env=ENV, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(child.communicate()[0] for child in children) == [b"0\n", f"{len(SCHEMAS)}\n".encode()]
    assert [child.returncode for child in children] == [0, 0]
    assert list(Ledger(engine, "changning").verify()) == []


def test_tables_of_before_there_were_migrations_are_taken_over_if_they_are_the_same(engine: Engine) -> None:
    migrate(engine, SCHEMA)
    ledger = Ledger(engine, "changning")
    ledger.append(Event(at=datetime(2026, 11, 22, tzinfo=UTC), kind=EventKind.LANDED))
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE ledger_version"))
        connection.execute(text("DROP INDEX ix_ledger_event_seq"))  # such tables had none
    migrate(engine, SCHEMA)
    with reading(engine) as connection:
        assert version_of(connection, SCHEMA) == SCHEMA.head
    assert Ledger(engine, "changning").head().position == 1
    assert {one["name"] for one in inspect(engine).get_indexes("ledger")} >= {"ix_ledger_event_seq"}


@pytest.mark.parametrize(
    "other", ["CREATE TABLE ledger (seq integer)", "CREATE TABLE ledger_head (id integer primary key, note text)"]
)
def test_other_tables_under_our_names_are_refused_and_left_alone(where: Where, engine: Engine, other: str) -> None:
    with writing(engine) as connection:
        connection.execute(text(other))
    before = structure(where)
    with pytest.raises(SchemaUnknown):
        migrate(engine, SCHEMA)
    assert structure(where) == before


def test_a_file_is_brought_up_to_date_by_whoever_opens_it(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "ledger.db")
    assert Ledger(engine, "finance").head().position == 0
    engine.dispose()


def test_a_server_is_not(server: Postgres) -> None:
    engine = open_database(fresh(server))
    with pytest.raises(SchemaBehind) as behind:
        Ledger(engine, "changning")
    assert "yizhan warehouse upgrade" in behind.value.message("zh")
    engine.dispose()
