"""One session: log in, begin one snapshot, and make every call within the request's time.

Must never outlive its reading, and never wait without an end: every call has the driver's own timeout, and a watchdog
breaks it off on a cancellation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import ceil
from typing import Any

import oracledb

from adapters.contract import Request, cut_off
from adapters.oracle.config import OracleConfig
from adapters.oracle.dialing import dialling
from adapters.oracle.failures import driver_errors
from adapters.statements import Statement

_CLOSING_MS = 2_000
_PREFIX = "yz_"
_LATE_MS = 20  # so that the request's own deadline has passed when the driver's timeout strikes


class Session:
    """A connection in a read-only transaction. Close it always."""

    def __init__(self, config: OracleConfig, password: str, request: Request) -> None:
        self._request = request
        seconds = min(float(config.login_seconds), request.remaining())
        hurried = replace(request, deadline=min(request.deadline, time.monotonic() + seconds))
        with driver_errors(request), dialling(hurried):
            # No statement cache: a cached statement keeps its first fetch types, whatever is asked for later.
            self._connection = oracledb.connect(
                user=config.user, password=password, dsn=config.dsn,
                tcp_connect_timeout=seconds, retry_count=0, stmtcachesize=0,
            )  # fmt: skip
        try:
            self.execute("SET TRANSACTION READ ONLY", {})
        except BaseException:
            self.close()
            raise

    @property
    def connection(self) -> Any:
        return self._connection

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        mode = "thin" if self._connection.thin else "thick"
        return ("driver", f"oracledb {oracledb.__version__} {mode}"), ("dbms", f"Oracle {self._connection.version}")

    @contextmanager
    def call(self) -> Iterator[None]:
        """Round trips inside end in time. Raises: ours, never the driver's."""
        with suppress(oracledb.NotSupportedError, oracledb.DatabaseError):  # clients before 18 have no such timeout
            self._connection.call_timeout = ceil(self._request.remaining() * 1000) + _LATE_MS
        with driver_errors(self._request), cut_off(self._request, self._break):
            yield

    def execute(self, sql: str, values: Mapping[str, object], rows: int = 100, handler: Any = None) -> Any:
        """A cursor on which the statement has run; `rows` are fetched at a time."""
        cursor = self._connection.cursor()
        cursor.arraysize, cursor.prefetchrows = rows, rows
        cursor.outputtypehandler = handler
        with self.call():
            cursor.execute(sql, values)
        return cursor

    def describe(self, sql: str) -> list[Any]:
        """What the result's columns are, before a row is read."""
        with self._connection.cursor() as cursor, self.call():
            cursor.parse(sql)
            return list(cursor.description)

    def close(self) -> None:
        """End the session; a server that is gone has ended it already."""
        with suppress(oracledb.Error, OSError):
            if self._connection.is_healthy():  # on a broken one the driver fails at setting it
                self._connection.call_timeout = _CLOSING_MS
        with suppress(oracledb.Error, OSError):
            self._connection.close()

    def _break(self) -> None:
        with suppress(oracledb.Error, OSError):
            self._connection.cancel()


def bound(statement: Statement, request: Request) -> dict[str, object]:
    """The values of the names that a statement uses, by the names of `spoken`."""
    values: dict[str, object] = {
        "period": request.period,
        "period_start": request.start,
        "period_end": request.end,
        "cursor": request.cursor,
    }
    return {_PREFIX + name: values[name] for name in set(statement.binds)}


def spoken(statement: Statement) -> str:
    """The statement as the driver takes it: by name too, with a prefix, as some words are no names (ORA-01745)."""
    return statement.text(lambda name: f":{_PREFIX}{name}")
