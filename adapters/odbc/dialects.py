"""How one kind of database is asked: where its transaction begins, how values are bound, what is fetched as text.

Differences between drivers are kept here as two small classes, so that the reading knows none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pyodbc

from adapters.odbc.binds import NAMES, Statement

# One view of the data for the totals and the rows: repeatable read where the driver has it, else serializable.
_SNAPSHOTS = (pyodbc.SQL_TXN_REPEATABLE_READ, pyodbc.SQL_TXN_SERIALIZABLE)


class Dialect(Protocol):
    """A connection on which statements can be run in one snapshot."""

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> None:
        """Raises: what pyodbc raises."""
        ...


def dialect(connection: pyodbc.Connection, values: Mapping[str, object]) -> Dialect:
    """Begin the snapshot on a fresh connection in autocommit mode; `values` are those of the named binds."""
    if connection.getinfo(pyodbc.SQL_DBMS_NAME) == "SQLite":
        return Sqlite(connection, values)
    return Standard(connection, values)


class Standard:
    """A transaction of the driver's own, values as parameters."""

    def __init__(self, connection: pyodbc.Connection, values: Mapping[str, object]) -> None:
        self._values = values
        offered = connection.getinfo(pyodbc.SQL_TXN_ISOLATION_OPTION)
        level = next((level for level in _SNAPSHOTS if isinstance(offered, int) and offered & level), None)
        if level is not None:
            connection.set_attr(pyodbc.SQL_ATTR_TXN_ISOLATION, level)
        connection.autocommit = False

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> None:
        text = statement.text(lambda name: "?")
        cursor.execute(text, [self._values[name] for name in statement.binds])


class Sqlite:
    """libsqliteodbc, measured: it cuts integers to 32 bits and makes null of a date or number it cannot read, so these
    are fetched as the bytes of their own text. With a parameter or inside its own transaction it holds the whole result
    in memory (517 instead of 28 MB for a million rows), whatever StepAPI says: so the transaction is begun in SQL, and
    the values are kept in a temporary table of the connection.
    """

    _AS_TEXT = (
        pyodbc.SQL_TINYINT,
        pyodbc.SQL_SMALLINT,
        pyodbc.SQL_INTEGER,
        pyodbc.SQL_BIGINT,
        pyodbc.SQL_TYPE_DATE,
        pyodbc.SQL_TYPE_TIME,
        pyodbc.SQL_TYPE_TIMESTAMP,
    )

    def __init__(self, connection: pyodbc.Connection, values: Mapping[str, object]) -> None:
        for kind in self._AS_TEXT:
            connection.add_output_converter(kind, bytes.decode)
        names = sorted(NAMES)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE TEMP TABLE yizhan_binds ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        cursor.execute(f"INSERT INTO yizhan_binds VALUES ({marks})", [values[name] for name in names])  # noqa: S608 - marks

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> None:
        text = statement.text(lambda name: f"(SELECT {name} FROM temp.yizhan_binds)")  # noqa: S608 - a name of NAMES
        cursor.execute(text)
