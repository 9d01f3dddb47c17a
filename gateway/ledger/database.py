"""Opening a database, and the two ways to use it: reading (a snapshot) and writing (one transaction, one writer).

Owns what differs between database products, as data, and the translation of driver errors. Statements of other
modules are SQLAlchemy Core and must not ask which product they run on; `upsert` is the INSERT that has ON CONFLICT.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    DDL,
    URL,
    Connection,
    Engine,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    create_engine,
    event,
    exc,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from gateway.errors import StoreDamaged, StoreUnavailable

__all__ = ["append_only", "missing_guards", "open_database", "reading", "upsert", "writing"]

_BEGIN = "yizhan_begin"
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


def open_database(path: Path) -> Engine:
    """Open the SQLite file at `path`, made private if it is new. `dispose()` of the engine closes it.

    Raises:
        StoreUnavailable: the file cannot be made.
    """
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


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection on one snapshot; it never waits for a writer. Raises StoreUnavailable, StoreDamaged."""
    with _door(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is the only writer from its start; committed if the block ends well.

    Raises:
        StoreUnavailable, StoreDamaged: nothing was written.
    """
    with _door(engine), engine.connect() as plain:
        connection = plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        with connection.begin():
            yield connection


def append_only(table: Table) -> None:
    """Have the database itself refuse to change, remove or replace rows of this table, from its creation on."""
    for name, when in _guards(table).items():
        refusal = f"SELECT RAISE(ABORT, '{table.name} is append-only')"
        statement = f"CREATE TRIGGER {name} BEFORE {when} BEGIN {refusal}; END"
        event.listen(table, "after_create", DDL(statement).execute_if(dialect="sqlite"))


def missing_guards(connection: Connection, table: Table) -> list[str]:
    """Names of the append-only triggers this table should have and has not."""
    found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    return [name for name in _guards(table) if name not in found]


def _guards(table: Table) -> dict[str, str]:
    """Trigger name -> when it refuses. INSERT OR REPLACE deletes without a delete trigger, hence the third."""
    unique = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
    same = (and_(*(column == literal_column(f"NEW.{column.name}") for column in key.columns)) for key in unique)
    exists_one = select(table).where(or_(*same)).exists()
    return {
        f"{table.name}_no_update": f"UPDATE ON {table.name}",
        f"{table.name}_no_delete": f"DELETE ON {table.name}",
        f"{table.name}_no_replace": f"INSERT ON {table.name} WHEN {exists_one}",
    }


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


@contextmanager
def _door(engine: Engine) -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as failed:
        file = Path(engine.url.database or "").name
        symbol: str = getattr(failed.orig, "sqlite_errorname", "")
        if symbol.startswith(_DAMAGED):
            raise StoreDamaged(file=file) from None
        known = (words for prefix, words in _REASONS.items() if symbol.startswith(prefix))
        zh, en = next(known, (f"数据库拒绝 {symbol}", f"it refused, {symbol}"))
        raise StoreUnavailable(file=file, reason_zh=zh, reason_en=en) from None
