"""A name held by one session alone, for work that is longer than a transaction should be. PostgreSQL only.

The hold is a connection of its own with a session-level advisory lock (PostgreSQL manual, 13.3.5). Nobody has to guess
whether the holder still lives: when its process dies the server ends the session, and the name is free. A machine that
vanished is noticed by the session's keep-alives, in about a minute. Needs the server itself or a pool in session mode.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, exc, func, select

from gateway.database.opening import door
from gateway.database.postgres import lock_number


class Hold:
    """The name is ours until this is released, or this process or its connection ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def try_on(cls, engine: Engine, name: str) -> Hold | None:
        """Take the name; None if another holder has it. Raises StoreUnavailable."""
        with door(engine):
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                taken = connection.execute(select(func.pg_try_advisory_lock(lock_number(name)))).scalar_one()
            except exc.DBAPIError:
                connection.invalidate()
                connection.close()
                raise
        hold = cls(connection)
        if taken:
            return hold
        connection.close()
        return None

    def release(self) -> None:
        """Let go; a second call does nothing. The session is ended, so no lock can be left in a pool."""
        if not self._connection.closed:
            self._connection.detach()
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()
