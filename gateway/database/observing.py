"""Opening a database to look at it and nothing else: no file is made, no table is altered, no lock is waited for long.

For who watches a node from outside. Must never write: SQLite opens the file read-only, and on PostgreSQL every session
is read-only, whatever its log-in might do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from gateway.database import postgres, sqlite
from gateway.database.address import PostgresAddress

_OBSERVED = "yizhan_observed"
PATIENCE_MS = 3_000
"""Milliseconds that an observer waits for a lock."""


def observe_database(where: Path | PostgresAddress) -> Engine:
    """An engine that only reads.

    Raises:
        StoreAbsent: there is no such file. (PostgreSQL is first connected to when it is first used.)
        DatabaseDriverMissing: psycopg is not installed.
    """
    if isinstance(where, PostgresAddress):
        engine = postgres.observe_address(where, PATIENCE_MS)
    else:
        engine = sqlite.observe_file(where, PATIENCE_MS)
    engine.update_execution_options(**{_OBSERVED: True})
    return engine


def is_observed(engine: Engine) -> bool:
    """Whether it only reads, so that nothing can be brought up to date through it."""
    return bool(engine.get_execution_options().get(_OBSERVED))
