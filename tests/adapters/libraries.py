"""Front libraries (前置库) on real servers: one table of records with its handshake columns, changed from outside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyodbc

from gateway.records.types import Column, FieldType, Unit
from tests.peers.mariadb import MariaDb
from tests.peers.postgres import Postgres

COLUMNS = (
    Column(name="no", type=FieldType.INTEGER, source="no"),
    Column(name="day", type=FieldType.DATE, source="create_date"),
    Column(name="amount", type=FieldType.MONEY, unit=Unit.FEN, source="amount"),
    Column(name="who", type=FieldType.PERSON_NAME, source="姓名"),
)
HANDSHAKE = {"sign": "sync_sign", "read_at": "read_date", "error": "sync_error_desc", "key": ["RowGuid"]}
TABLE = {"name": "inf_punish", "handshake": HANDSHAKE}
WIDTH = 20
_NAMES = ("RowGuid", "no", "create_date", "amount", "姓名", "sync_sign", "read_date", "sync_error_desc")
_TYPES = (
    "VARCHAR(50)", "INTEGER", "DATE", "BIGINT", "VARCHAR(60)", "VARCHAR(2)", "{moment}", f"VARCHAR({WIDTH})",
)  # fmt: skip


class Library:
    """What the tests do with a library, whatever its database."""

    mark = '"'
    moment = "TIMESTAMP"
    account: dict[str, Any]

    def make(self, *rows: tuple[str, int, str, int, str]) -> None:
        """The table anew, its rows ready."""
        columns = ", ".join(f"{self.q(n)} {t.format(moment=self.moment)}" for n, t in zip(_NAMES, _TYPES, strict=True))
        self.sql(f"DROP TABLE IF EXISTS {self.q('inf_punish')}")
        self.sql(f"CREATE TABLE {self.q('inf_punish')} ({columns})")
        for row in rows:
            self.add(*row)

    def add(self, guid: str, no: int, day: str, amount: int, who: str) -> None:
        names = ", ".join(map(self.q, _NAMES[:6]))
        self.sql(
            f"INSERT INTO {self.q('inf_punish')} ({names}) VALUES (?, ?, ?, ?, ?, '0')", guid, no, day, amount, who
        )

    def change(self, guid: str, amount: int) -> None:
        """As the department's software does: the sign goes back to ready."""
        q = self.q
        self.sql(
            f"UPDATE {q('inf_punish')} SET {q('amount')} = ?, {q('sync_sign')} = '0' WHERE {q('RowGuid')} = ?",
            amount, guid,
        )  # fmt: skip

    def signs(self) -> dict[str, str]:
        q = self.q
        return dict(self.sql(f"SELECT {q('RowGuid')}, {q('sync_sign')} FROM {q('inf_punish')}"))

    def row(self, guid: str) -> tuple[Any, ...]:
        """Sign, time of reading, reasons."""
        q = self.q
        names = ", ".join(map(q, _NAMES[5:]))
        ((*found,),) = self.sql(f"SELECT {names} FROM {q('inf_punish')} WHERE {q('RowGuid')} = ?", guid)
        return tuple(found)

    def q(self, name: str) -> str:
        return f"{self.mark}{name}{self.mark}"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        raise NotImplementedError


@dataclass
class SqliteLibrary(Library):
    path: Path
    journal: str = "delete"
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def connection(self) -> str:
        return f"Driver=SQLite3;Database={self.path};StepAPI=1;NoCreat=1;Timeout=500"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=0.2)) as opened, opened:
            opened.execute(f"PRAGMA journal_mode = {self.journal}")
            return opened.execute(statement, values).fetchall()


@dataclass
class PostgresLibrary(Library):
    server: Postgres
    database: str
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def connection(self) -> str:
        return f"Driver=PostgreSQL Unicode;Server={self.server.host};Port={self.server.port};Database={self.database}"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.dsn(self.database)) as opened:
            found = opened.execute(statement.replace("?", "%s"), values or None)
            return found.fetchall() if found.description else []


@dataclass
class MariaDbLibrary(Library):
    server: MariaDb
    database: str
    account: dict[str, Any] = field(default_factory=dict)
    mark = "`"
    moment = "DATETIME"

    @property
    def connection(self) -> str:
        return f"Driver=MariaDB Unicode;Server={self.server.host};Port={self.server.port};Database={self.database}"

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self.server.connect(self.database)) as opened:
            opened.execute("SET innodb_lock_wait_timeout = 1")
            cursor = opened.execute(statement, values)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


REFUSALS = (sqlite3.OperationalError, psycopg.Error, pyodbc.Error)
"""What another program is told when a row that it wants to change is held."""


class Delivered:
    """Verdicts by value: what was delivered, and what is said of it. The product's own go by digest."""

    def __init__(self, batches: list[pa.RecordBatch], refused: dict[str, str] | None = None) -> None:
        rows = [row for batch in batches for row in batch.to_pylist()]
        self._rows = {row["_position"]: row for row in rows}
        self._refused = refused or {}

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        return pa.array([self._verdict(row) for row in batch.to_pylist()], pa.utf8())

    def _verdict(self, row: dict[str, Any]) -> str | None:
        place = row["_position"]
        return self._refused.get(place, "") if self._rows.get(place) == row else None
