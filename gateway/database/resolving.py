"""COMMIT whose answer is lost is resolved, never guessed: PostgreSQL remembers what became of a transaction.

The transaction's number is asked for before COMMIT. When the connection breaks there, a new one asks what became of
that number (`pg_xact_status`, PostgreSQL manual 9.28.7), first ending the old session if it still stands open: a COMMIT
that is still on its way must not arrive after the answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Transaction, exc, text

from gateway.errors import CommitUnresolved, StoreUnavailable

PATIENCE = "yizhan_patience"
_PAUSE = 0.1
_NUMBER = text("SELECT pg_current_xact_id_if_assigned()::text AS number, pg_backend_pid() AS pid")
_END_SESSION = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = :pid AND backend_xid = CAST(CAST(:number AS xid8) AS xid)"
)
_STATUS = text("SELECT pg_xact_status(CAST(:number AS xid8))")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A transaction that wrote: its number (64 bits, never used again) and the server process it ran in."""

    number: str
    pid: int


def commit_for_certain(engine: Engine, connection: Connection, transaction: Transaction, place: str) -> None:
    """COMMIT; return if and only if it is committed.

    Raises:
        StoreUnavailable: it is rolled back.
        CommitUnresolved: the database cannot be asked in time.
        sqlalchemy.exc.DBAPIError: the transaction had failed before.
    """
    row = connection.execute(_NUMBER).one()  # fails in a transaction that failed, whose COMMIT would quietly roll back
    try:
        transaction.commit()
    except exc.DBAPIError:
        connection.invalidate()
        if row.number is None:
            raise  # nothing was written, so nothing can be lost
        _resolve(engine, _Asked(number=row.number, pid=row.pid), place)


def _resolve(engine: Engine, asked: _Asked, place: str) -> None:
    until = time.monotonic() + float(engine.get_execution_options()[PATIENCE])
    while True:
        status = _ask(engine, asked)
        if status == "committed":
            return
        if status == "aborted":
            zh, en = "提交时连接中断,事务已回滚", "the connection was lost at COMMIT, and it rolled back"
            raise StoreUnavailable(file=place, reason_zh=zh, reason_en=en)
        if time.monotonic() > until:
            raise CommitUnresolved(place=place)
        time.sleep(_PAUSE)


def _ask(engine: Engine, asked: _Asked) -> str | None:
    """`committed`, `aborted`, `in progress`; None when nobody answers, or another server that never knew it."""
    known = {"number": asked.number, "pid": asked.pid}
    try:
        with engine.connect() as connection, connection.begin():
            connection.execute(_END_SESSION, known)
            return connection.execute(_STATUS, known).scalar_one()
    except exc.DBAPIError:
        return None
