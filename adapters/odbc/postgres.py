"""PostgreSQL and its relatives (KingbaseES, openGauss): every row as one line of the server's own text.

psqlodbc makes today's date of infinity and AD 44 of 44 BC, and drops the zone of a timestamp with one (measured on
PostgreSQL 18 with psqlodbc 13.02); a row cast to text has none of this, and is three times as fast. The relatives write
rows the same way by descent; only PostgreSQL is proved here.

The statement stands in FROM, and nothing but a projection is done outside of it, so its rows keep their order: a
sub-select with ORDER BY is planned as a whole, and there is nothing that could reorder what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyodbc

from adapters.odbc.dialects import Standard
from adapters.odbc.results import Lines, Packed, Result, as_bytes, described
from adapters.odbc.values import Reader
from adapters.statements import Statement

FAMILY = ("postgres", "kingbase", "gauss")
# A bare parameter has no type on the server: `:cursor IS NULL` could not be planned.
_TYPES = {"period": "text", "cursor": "text", "period_start": "date", "period_end": "date"}
SESSION = ("SET TIME ZONE 'Asia/Shanghai'", "SET DateStyle TO 'ISO, YMD'", "SET IntervalStyle TO 'postgres'")


# Sends a packed statement with its parameters in a session of its own, after the statements that prepare that session.
Accelerate = Callable[[tuple[str, ...], str, Sequence[object]], Lines]


class Postgres(Standard):
    """A snapshot in which the clock is Shanghai's: days in the statement begin when they do here."""

    def __init__(
        self, connection: pyodbc.Connection, values: Mapping[str, object],
        accelerator: Accelerate | None = None,
    ) -> None:  # fmt: skip
        for statement in SESSION:
            connection.execute(statement)
        super().__init__(connection, values)
        self._connection = connection
        self._accelerator = accelerator
        # First of all in the transaction: psqlodbc sets a savepoint before later statements, which then cannot export.
        self._session = () if accelerator is None else _shared_snapshot(connection)

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> tuple[str, ...]:
        cursor.execute(_text(statement), self.bound(statement))
        return described(cursor)[0]

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        inner, values = _text(statement), self.bound(statement)
        cursor.execute(f"SELECT * FROM (\n{inner}\n) AS q LIMIT 0", values)  # noqa: S608 - the feed's own statement
        columns = described(cursor)

        def lines(readers: Sequence[Reader]) -> Lines:
            fields = ", ".join(f"q.{_quoted(one.source)}" for one in readers)
            packed = f"SELECT CAST(ROW(NULL, {fields}, NULL) AS text) FROM (\n{inner}\n) AS q"  # noqa: S608 - as above
            if self._accelerator is not None:
                return self._accelerator(self._session, packed, values)
            as_bytes(self._connection)
            cursor.execute(packed, values)
            return _Fetched(cursor)

        return Packed(columns=columns, open_lines=lines, doubled_backslash=True)


def _shared_snapshot(connection: pyodbc.Connection) -> tuple[str, ...]:
    """What another session executes to see what this transaction sees, and to have its clock."""
    (name,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
    seen = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", f"SET TRANSACTION SNAPSHOT '{name}'")
    return (*seen, *SESSION)


class _Fetched:
    def __init__(self, cursor: pyodbc.Cursor) -> None:
        self._cursor = cursor

    def read(self, rows: int) -> tuple[bytes, int]:
        got = self._cursor.fetchmany(rows)
        return b"\n".join([row[0] for row in got]), len(got)

    def cancel(self) -> None:
        self._cursor.cancel()


def _text(statement: Statement) -> str:
    return statement.text(lambda name: f"CAST(? AS {_TYPES[name]})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
