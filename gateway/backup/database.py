"""The database of a node, out and in: SQLite by its own backup, PostgreSQL by its own pg_dump and pg_restore.

A snapshot is taken while the caller holds the write lock and written out after it was let go, so that a node waits for
a moment and not for the copy. Passwords go to the programs through their environment, never among the arguments. What
the programs write is never told: it quotes rows.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, inspect, text

from gateway.backup.contents import POSTGRES, SQLITE
from gateway.database import PostgresAddress, open_database, reading
from gateway.errors import BackupDatabaseOccupied, BackupProgramFailed
from gateway.spool.disk import create, sync

_PAGES = 4_096  # 16 MiB at a time: readers and writers go on between


class Snapshot(Protocol):
    """The database as it was at one moment."""

    @property
    def file(self) -> str:
        """What it is called in a backup."""

    @property
    def connection(self) -> Connection:
        """A transaction that sees it, for as long as the block lasts."""

    def write(self, path: Path) -> None:
        """Write it out."""


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Where pg_dump and pg_restore are found: in a directory, or on the PATH."""

    directory: Path | None = None

    def run(self, name: str, arguments: list[str], address: PostgresAddress) -> None:
        """Run one to its end. Raises BackupProgramFailed."""
        path = shutil.which(name, path=str(self.directory) if self.directory else None)
        if path is None:
            raise _failed(name, "没有安装或不在 PATH 中", "it is not installed, or not on the PATH")
        ended = subprocess.run(  # noqa: S603 - a program the operator named, arguments of our own
            [path, *arguments], env=_environment(address), capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        if ended.returncode:
            raise _failed(name, f"退出码 {ended.returncode}", f"exit code {ended.returncode}")


@dataclass(frozen=True, kw_only=True)
class _SqliteSnapshot:
    connection: Connection
    file: str = SQLITE

    def write(self, path: Path) -> None:
        """With SQLite's online backup, which reads what this transaction sees."""
        source = self.connection.connection.driver_connection
        os.close(create(path))
        with closing(sqlite3.connect(path)) as target:
            source.backup(target, pages=_PAGES)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        sync(path)


@dataclass(frozen=True, kw_only=True)
class _PostgresSnapshot:
    connection: Connection
    number: str
    address: PostgresAddress
    programs: Programs
    file: str = POSTGRES

    def write(self, path: Path) -> None:
        """With pg_dump, on the exported snapshot. Raises BackupProgramFailed."""
        os.close(create(path))
        arguments = ["--format=custom", f"--snapshot={self.number}", "--no-password", f"--file={path}"]
        self.programs.run("pg_dump", arguments, self.address)
        sync(path)


@contextmanager
def snapshot(engine: Engine, address: PostgresAddress | None, programs: Programs) -> Iterator[Snapshot]:
    """The database as it is now, to be written out before the block ends; the caller holds the write lock.

    Args:
        address: as whom a PostgreSQL database is dumped: its owner, for row-level security hides rows from others.
    """
    with reading(engine) as connection:
        if address is None:
            connection.execute(text("SELECT seq FROM ledger_head")).all()  # the first statement takes the snapshot
            yield _SqliteSnapshot(connection=connection)
            return
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        number = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        yield _PostgresSnapshot(connection=connection, number=number, address=address, programs=programs)


def restore_sqlite(backup: Path, path: Path) -> None:
    """Put the file in its place, private."""
    os.close(create(path))
    shutil.copyfile(backup, path)
    sync(path)


def restore_postgres(backup: Path, address: PostgresAddress, programs: Programs) -> None:
    """Fill an empty database, in one transaction. Raises BackupDatabaseOccupied, BackupProgramFailed."""
    engine = open_database(address)
    try:
        with reading(engine) as connection:
            if inspect(connection).get_table_names():
                raise BackupDatabaseOccupied(database=address.database)
    finally:
        engine.dispose()
    arguments = [
        "--no-password", "--single-transaction", "--exit-on-error", "--no-owner", f"--dbname={address.database}",
        str(backup),
    ]  # fmt: skip
    programs.run("pg_restore", arguments, address)


def _environment(address: PostgresAddress) -> Mapping[str, str]:
    """libpq's own variables (PostgreSQL manual, 34.15); of ours the program gets nothing but the PATH."""
    said = {
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C.UTF-8",
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGDATABASE": address.database,
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGSSLMODE": address.sslmode,
        "PGCONNECT_TIMEOUT": "10",
    }
    return said | ({"PGSSLROOTCERT": str(address.sslrootcert)} if address.sslrootcert else {})


def _failed(program: str, zh: str, en: str) -> BackupProgramFailed:
    return BackupProgramFailed(program=program, reason_zh=zh, reason_en=en)
