"""How one kind of database is asked: where its transaction begins, how values are bound, what is fetched as text.

Differences between databases are kept in one small class each (here, `postgres` and `mariadb`), so that the reading
knows none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pyodbc

from adapters.odbc.results import Result, Values, described
from adapters.statements import NAMES, Statement

# One view of the data for the totals and the rows: repeatable read where the driver has it, else serializable.
_SNAPSHOTS = (pyodbc.SQL_TXN_REPEATABLE_READ, pyodbc.SQL_TXN_SERIALIZABLE)


class Dialect(Protocol):
    """A connection on which statements can be run in one snapshot."""

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> tuple[str, ...]:
        """Execute it as it stands, for a few rows; the names of its columns. Raises: what pyodbc raises."""
        ...

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        """Its result, described, whose rows are exact and are not held. Raises: what pyodbc raises."""
        ...


class Standard:
    """A transaction of the driver's own, values as parameters."""

    def __init__(self, connection: pyodbc.Connection, values: Mapping[str, object]) -> None:
        self._values = values
        offered = connection.getinfo(pyodbc.SQL_TXN_ISOLATION_OPTION)
        level = next((level for level in _SNAPSHOTS if isinstance(offered, int) and offered & level), None)
        if level is not None:
            connection.set_attr(pyodbc.SQL_ATTR_TXN_ISOLATION, level)
        connection.autocommit = False

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> tuple[str, ...]:
        text = statement.text(lambda name: "?")
        cursor.execute(text, self.bound(statement))
        return described(cursor)[0]

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        self.run(statement, cursor)
        return Values(cursor)

    def bound(self, statement: Statement) -> list[object]:
        """The parameters of a statement, in their order."""
        return [self._values[name] for name in statement.binds]


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
        connection.setdecoding(pyodbc.SQL_WMETADATA, encoding="latin-1", ctype=pyodbc.SQL_WCHAR)
        names = sorted(NAMES)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE TEMP TABLE yizhan_binds ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        cursor.execute(f"INSERT INTO yizhan_binds VALUES ({marks})", [values[name] for name in names])  # noqa: S608 - marks

    def run(self, statement: Statement, cursor: pyodbc.Cursor) -> tuple[str, ...]:
        text = statement.text(lambda name: f"(SELECT {name} FROM temp.yizhan_binds)")  # noqa: S608 - a name of NAMES
        cursor.execute(text)
        return described(cursor, _sqlite_name)[0]

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        self.run(statement, cursor)
        return Values(cursor, _sqlite_name)


def _sqlite_name(told: str) -> str:
    """A column's name, asked for as single bytes: libsqliteodbc tells the length of a name in bytes of UTF-8 where
    characters are meant, so that behind one in Chinese stands what happened to lie in memory. What is no character
    there would stop the whole statement.
    """
    pairs = told.encode("latin-1")
    end = next((at for at in range(0, len(pairs) - 1, 2) if pairs[at : at + 2] == b"\0\0"), len(pairs))
    return pairs[:end].decode("utf-16-le")
