"""SQLite: one file, one writer at a time, readers beside it (WAL)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import repeat
from pathlib import Path

import pyarrow as pa
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Insert,
    PrimaryKeyConstraint,
    Table,
    Transaction,
    UniqueConstraint,
    and_,
    create_engine,
    delete,
    event,
    exc,
    insert,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import sqlite

from gateway.errors import StoreAbsent, StoreDamaged, StoreUnavailable, YizhanError

_BEGIN = "yizhan_begin"
_PIECE = 8_192  # rows turned into Python objects at a time; some 10 MB for 15 columns
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while a load of a million rows is being written
    "PRAGMA synchronous = FULL",  # a receipt is a promise: the commit is on the disk before it is sent
    "PRAGMA temp_store = FILE",  # staged rows may be many; memory stays flat
    "PRAGMA cache_size = -32768",  # 32 MiB: the key index of a big load is written in fewer pieces
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA busy_timeout = 120000",  # milliseconds: other writers wait for the longest load
)
_REASONS = {
    "SQLITE_BUSY": ("等待其他写入超时", "another writer holds it too long"),
    "SQLITE_LOCKED": ("等待其他写入超时", "another writer holds it too long"),
    "SQLITE_FULL": ("磁盘空间不足", "the disk is full"),
    "SQLITE_READONLY": ("没有写权限", "it may not be written"),
    "SQLITE_CANTOPEN": ("无法打开文件", "the file cannot be opened"),
    "SQLITE_IOERR": ("磁盘读写失败", "the disk failed"),
}
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def open_file(path: Path) -> Engine:
    """The file at `path`, made private if it is new. Raises StoreUnavailable: it cannot be made."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        zh, en = _REASONS["SQLITE_CANTOPEN"]
        raise StoreUnavailable(file=path.name, reason_zh=zh, reason_en=en) from None
    # hide_parameters: an exception's text must never carry a row.
    # max_overflow: those who wait for a long load to end must not use up the connections of those who read
    engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True, max_overflow=-1)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def observe_file(path: Path, patience_ms: int) -> Engine:
    """The file at `path`, only read, its lock waited for no longer than that. Raises StoreAbsent."""
    if not os.access(path, os.R_OK):
        raise StoreAbsent(file=path.name)
    address = f"{path.absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON").close()  # and a session cannot make an exception of itself
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}").close()
        return connection

    engine = create_engine(
        URL.create("sqlite", database=str(path)), creator=connect, hide_parameters=True, max_overflow=-1
    )
    event.listen(engine, "begin", _begin)
    return engine


class Sqlite:
    """See `Product`."""

    reading: Mapping[str, object] = {_BEGIN: "BEGIN"}
    writing: Mapping[str, object] = {_BEGIN: "BEGIN IMMEDIATE"}
    migrates_itself = True

    def place(self, url: URL) -> str:
        """The file's name."""
        return Path(url.database or "").name

    def fault(self, failed: BaseException, place: str) -> YizhanError:
        """By SQLite's own name of the error."""
        original = failed.orig if isinstance(failed, exc.DBAPIError) else failed
        symbol: str = getattr(original, "sqlite_errorname", "")
        if symbol.startswith(_DAMAGED):
            return StoreDamaged(file=place)
        known = (words for prefix, words in _REASONS.items() if symbol.startswith(prefix))
        zh, en = next(known, (f"数据库拒绝 {symbol}", f"it refused, {symbol}"))
        return StoreUnavailable(file=place, reason_zh=zh, reason_en=en)

    def commit(self, engine: Engine, connection: Connection, transaction: Transaction) -> None:
        """There is no wire on which an answer could be lost."""
        transaction.commit()

    def alone(self, connection: Connection, names: Sequence[str]) -> None:
        """Its writer is alone already."""

    def upsert(self, table: Table) -> sqlite.Insert:
        """SQLite's INSERT."""
        return sqlite.insert(table)

    def insert_rows(self, connection: Connection, table: Table, rows: pa.RecordBatch) -> None:
        """By executemany."""
        _insert(connection, insert(table), {}, rows)

    def insert_new_rows(
        self, connection: Connection, table: Table, stage: Table, fixed: Mapping[str, object], rows: pa.RecordBatch
    ) -> int:
        """By executemany, straight into the table."""
        return _insert(connection, sqlite.insert(table).on_conflict_do_nothing(), fixed, rows)

    def empty(self, connection: Connection, table: Table) -> None:
        """A DELETE without WHERE drops whole pages."""
        connection.execute(delete(table))

    def gather_statistics(self, connection: Connection, table: Table) -> None:
        """Its planner does without: it has but one kind of join."""

    def guards(self, table: Table) -> Mapping[str, Sequence[str]]:
        """Triggers that refuse. INSERT OR REPLACE deletes without a delete trigger, hence the third."""
        refusal = f"SELECT RAISE(ABORT, '{table.name} is append-only')"
        return {
            f"{table.name}_{name}": [f"CREATE TRIGGER {table.name}_{name} BEFORE {when} BEGIN {refusal}; END"]
            for name, when in {
                "no_update": f"UPDATE ON {table.name}",
                "no_delete": f"DELETE ON {table.name}",
                "no_replace": f"INSERT ON {table.name} WHEN {_exists_one(table)}",
            }.items()
        }

    def guards_present(self, connection: Connection, table: Table) -> Sequence[str]:
        """Every trigger there is, by its name."""
        return connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()

    def require_suitable(self, connection: Connection) -> None:
        """It comes with Python, and its text is UTF-8."""


SQLITE = Sqlite()


def _exists_one(table: Table) -> str:
    """Whether a row with one of the new row's keys is there."""
    unique = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
    keys = sorted([column.name for column in key.columns] for key in unique)
    same = (and_(*(table.c[name] == literal_column(f"NEW.{name}") for name in key)) for key in keys)
    return str(select(table).where(or_(*same)).exists())


def _insert(connection: Connection, statement: Insert, fixed: Mapping[str, object], rows: pa.RecordBatch) -> int:
    """Insert the rows, each with the `fixed` columns in front; how many the database took."""
    # exec_driver_sql: plain tuples to the driver's executemany, no step of SQLAlchemy for each row
    compiled = statement.compile(connection, column_keys=[*fixed, *rows.schema.names])
    taken = 0
    for start in range(0, rows.num_rows, _PIECE):
        piece = rows.slice(start, _PIECE)
        columns = [
            repeat(fixed[name]) if name in fixed else piece.column(name).to_pylist() for name in compiled.positiontup
        ]
        taken += connection.exec_driver_sql(str(compiled), list(zip(*columns, strict=False))).rowcount
    return taken


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get(_BEGIN, "BEGIN")))
