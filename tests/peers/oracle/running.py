"""An Oracle for tests: the wire server as a child process, or the real one that the environment names.

YIZHAN_TEST_ORACLE_DSN, _USER and _PASSWORD name a real database, in which the account may create tables; each test's
table has a name of its own and is dropped. What only the wire server can do (an old version, a broken line) is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import oracledb

from tests.peers.processes import announced, python

_PREFIX = "YIZHAN_TEST_ORACLE"
_REAL = f"{_PREFIX}_DSN"
_ESTABLISHED = "01"
_INSERTED_AT_ONCE = 2_000


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """A database that answers. `port` is the wire server's, None for a real one."""

    dsn: str
    user: str
    password: str
    port: int | None

    def service(self, name: str) -> str:
        """The dsn of another of the wire server's pretended databases."""
        return f"127.0.0.1:{self.port}/{name}"

    @contextmanager
    def connected(self) -> Iterator[oracledb.Connection]:
        with oracledb.connect(user=self.user, password=self.password, dsn=self.dsn) as connection:
            yield connection

    def make(self, table: str, columns: str, rows: Sequence[Sequence[Any]] = ()) -> None:
        """The table holds these rows and no others."""
        self.drop(table)
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {table} ({columns})")
        self.insert(table, rows)

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        marks = ", ".join(f":{at}" for at in range(1, len(rows[0]) + 1))
        with self.connected() as connection, connection.cursor() as cursor:
            for at in range(0, len(rows), _INSERTED_AT_ONCE):
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", list(rows[at : at + _INSERTED_AT_ONCE]))
            connection.commit()

    def run(self, *statements: str) -> None:
        with self.connected() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def drop(self, table: str) -> None:
        with self.connected() as connection, connection.cursor() as cursor, suppress(oracledb.DatabaseError):
            cursor.execute(f"DROP TABLE {table}")


@contextmanager
def wire_oracle(database: Path, user: str, password: str) -> Iterator[Oracle]:
    """The wire server on that database file, which outlives it."""
    command = python("tests.peers.oracle", "--database", database, "--user", user, "--password-env", "WIRE_PASSWORD")
    with announced(command, {"WIRE_PASSWORD": password}) as said:
        yield Oracle(dsn=f"127.0.0.1:{said['port']}/ORCL", user=user, password=password, port=said["port"])


@contextmanager
def any_oracle(database: Path, user: str, password: str, environ: Mapping[str, str] = os.environ) -> Iterator[Oracle]:
    """The real database where one is named, else the wire server."""
    if dsn := environ.get(_REAL):
        yield Oracle(dsn=dsn, user=environ[f"{_PREFIX}_USER"], password=environ[f"{_PREFIX}_PASSWORD"], port=None)
        return
    with wire_oracle(database, user, password) as running:
        yield running


def established(port: int) -> int:
    """How many connections lead to that port, of whatever process: the reading may be in a child's hands."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(1 for row in rows if int(row[2].rpartition(":")[2], 16) == port and row[3] == _ESTABLISHED)
