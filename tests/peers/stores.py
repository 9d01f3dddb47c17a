"""A database of a test's own on either product, and a stranger in it who goes around the product's code."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psycopg
from psycopg import sql

from gateway.database import PostgresAddress, Schema, migrate, open_database
from tests.peers.postgres import SUPERUSER, Postgres

Where = Path | PostgresAddress


class Qmark(psycopg.Connection):
    """psycopg with SQLite's mark for a parameter."""

    def execute(self, query: str, params: Sequence[object] = (), **options: object) -> psycopg.Cursor:
        return super().execute(query.replace("?", "%s"), params, **options) if params else super().execute(query)


Stranger = sqlite3.Connection | Qmark
REFUSED = (sqlite3.Error, psycopg.Error)


def fresh(server: Postgres, *schemas: Schema) -> PostgresAddress:
    """A new database with these tables, seen by its superuser."""
    where = address(server, f"t{uuid.uuid4().hex}")
    server.create_database(where.database)
    if schemas:
        engine = open_database(where)
        migrate(engine, *schemas)
        engine.dispose()
    return where


def drop(server: Postgres, where: PostgresAddress) -> None:
    """Remove a database; whoever is still in it is thrown out."""
    server.execute([sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(where.database))])


def address(server: Postgres, database: str, **changes: object) -> PostgresAddress:
    """A log-in; the superuser's unless changed."""
    login: dict[str, object] = {"user": SUPERUSER, "password": server.password, "patience": 5.0}
    return PostgresAddress(
        **({"host": server.host, "port": server.port, "database": database, "sslmode": "disable"} | login | changes)
    )


@contextmanager
def stranger(where: Where) -> Iterator[Stranger]:
    """Someone else's connection to the same database, each statement its own transaction."""
    if isinstance(where, Path):
        connection: Stranger = sqlite3.connect(where, isolation_level=None)
    else:
        connection = Qmark.connect(
            host=where.host, port=where.port, dbname=where.database, user=where.user, password=where.password,
            autocommit=True,
        )  # fmt: skip
    try:
        yield connection
    finally:
        connection.close()


def unguard(connection: Stranger, *tables: str) -> list[str]:
    """Take the guards of tables away, as one with every right can; what brings them back."""
    if isinstance(connection, Qmark):
        names = ", ".join(f"'{table}'" for table in tables)
        found = connection.execute(
            f"SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgrelid::regclass::text IN ({names})"
        ).fetchall()
        for name, table in found:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        return [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name, table in found]
    found = connection.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, table, _ in found:
        if table in tables:
            connection.execute(f"DROP TRIGGER {name}")
    return [statement for _, table, statement in found if table in tables]


def spell(where: Where) -> str:
    """As an argument for a child process."""
    return str(where) if isinstance(where, Path) else json.dumps(asdict(where))


def read(spelled: str) -> Where:
    """What `spell` wrote."""
    return PostgresAddress(**json.loads(spelled)) if spelled.startswith("{") else Path(spelled)
