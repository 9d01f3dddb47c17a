"""MariaDB and MySQL: text made by the server, and a result that is not held by the driver.

MariaDB Connector/ODBC 3.1.15 makes null of a zero date, -1 of INT UNSIGNED 4294967295 and "a" of "a\\0b", and fails on
2024-00-15 and on TIME beyond 24 hours (measured). It also holds the first result of a statement in memory, whatever it
is told; those after the first it streams, when told FORWARDONLY, and cuts values there at 4,096 bytes. So the statement
runs as a cursor inside an anonymous block of the server's, which writes rows as lines of text, in slices, as results of
their own, with their lengths. It needs no right but SELECT.

Other servers (MySQL, MariaDB before 10.3) have no such block: every value is fetched as the bytes of its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import pyodbc

from adapters.odbc.dialects import Standard
from adapters.odbc.packed import PackingBroken
from adapters.odbc.results import Lines, Packed, Result, Texts, as_bytes, described
from adapters.odbc.values import Reader
from adapters.statements import Statement

_BARE = (int, Decimal, date, datetime, time)  # their text has neither quotes nor commas
_SLICE = 1_000  # characters, so at most 4,000 bytes: longer ones are cut by Connector/ODBC 3.1.15 when it streams
_SLICES = 8  # columns of one result
_FULL = 6_000  # bytes after which lines are sent: the server copies them for each row (measured)
_BLOCKS_SINCE = (10, 3)
# Whatever the site says of the connection, text comes in the one encoding that holds all of it. A moment of TIMESTAMP
# is shown in the session's zone; a zero date read back into a variable is not to be an error.
_SESSION = (
    "SET character_set_results = utf8mb4",
    "SET time_zone = '+08:00'",
    "SET sql_mode = CONCAT(REPLACE(REPLACE(@@sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', ''),"
    " ',ALLOW_INVALID_DATES')",
)
_BLOCK = """BEGIN NOT ATOMIC
  DECLARE yizhan_lines LONGTEXT CHARACTER SET utf8mb4 DEFAULT '';
  DECLARE yizhan_rows INT DEFAULT 0;
  FOR q IN ({statement}
  ) DO
    SET yizhan_lines = CONCAT(yizhan_lines, '(', {fields}, ',)\n'), yizhan_rows = yizhan_rows + 1;
    WHILE CHAR_LENGTH(yizhan_lines) > {most} DO
      SELECT LENGTH(LEFT(yizhan_lines, {most})), 0, {slices};
      SET yizhan_lines = SUBSTRING(yizhan_lines, {most} + 1);
    END WHILE;
    IF LENGTH(yizhan_lines) > {full} THEN
      SELECT LENGTH(yizhan_lines), yizhan_rows, {slices};
      SET yizhan_lines = '', yizhan_rows = 0;
    END IF;
  END FOR;
  SELECT LENGTH(yizhan_lines), yizhan_rows, {slices};
END"""


class MySql(Standard):
    """Every value as the bytes of its own text; the driver decides whether it holds the result."""

    def __init__(self, connection: pyodbc.Connection, values: Mapping[str, object]) -> None:
        for statement in _SESSION:
            connection.execute(statement)
        super().__init__(connection, values)
        self._connection = connection

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        self.run(statement, cursor)
        result = Texts(cursor)
        as_bytes(self._connection)
        return result


class MariaDb(MySql):
    """Rows as lines, out of a block on the server."""

    def open(self, statement: Statement, cursor: pyodbc.Cursor) -> Result:
        text = statement.text(lambda name: "?")
        cursor.execute(f"SELECT * FROM (\n{text}\n) AS q LIMIT 0", self.bound(statement))  # noqa: S608 - the feed's own
        columns = described(cursor)

        def lines(readers: Sequence[Reader]) -> Lines:
            as_bytes(self._connection)
            inner = statement.text(lambda name: _literal(self._values[name]))
            fields = ", ".join(f"',', {_field(one)}" for one in readers)
            cursor.execute(_block(inner, fields))
            return _Results(cursor)

        return Packed(columns=columns, open_lines=lines, doubled_backslash=False)


class _Results:
    """The block's results one after another; what a block does besides selecting shows as results without columns."""

    def __init__(self, cursor: pyodbc.Cursor) -> None:
        self._cursor = cursor
        self._ended = False

    def read(self, rows: int) -> tuple[bytes, int]:
        """Raises: PackingBroken: something was lost on the way. Where rows are counted, lines are whole."""
        parts: list[bytes] = []
        count = 0
        while count < rows and not self._ended:
            found = 0
            if self._cursor.description:
                lines, found = self._one()
                parts.append(lines)
            self._ended = not self._cursor.nextset()
            count += found
        return b"".join(parts).removesuffix(b"\n"), count

    def _one(self) -> tuple[bytes, int]:
        """A length of null is lines that grew beyond the server's max_allowed_packet."""
        length, found, *slices = self._cursor.fetchone()
        lines = b"".join(slices) if length is not None else b""
        if length is None or len(lines) != int(length):
            raise PackingBroken
        return lines, int(found)

    def cancel(self) -> None:
        """The driver sends KILL QUERY over a connection of its own: else it would read the block's rest to close it."""
        self._cursor.cancel()


def server(connection: pyodbc.Connection) -> type[MySql]:
    """The class for this server, by its own version."""
    version = connection.getinfo(pyodbc.SQL_DBMS_VER)
    major, minor = (int(part) for part in str(version).split(".")[:2])
    is_mariadb = "maria" in str(connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
    return MariaDb if is_mariadb and (major, minor) >= _BLOCKS_SINCE else MySql


def _block(statement: str, fields: str) -> str:
    slices = ", ".join(f"SUBSTRING(yizhan_lines, {n * _SLICE + 1}, {_SLICE})" for n in range(_SLICES))
    return _BLOCK.format(statement=statement, fields=fields, slices=slices, most=_SLICE * _SLICES, full=_FULL)


def _field(reader: Reader) -> str:
    """A field as text: quoted where it could hold anything, nothing for null."""
    name = "q.`" + reader.source.replace("`", "``") + "`"
    if reader.given is bool:
        return f"IFNULL({name} + 0, '')"
    text = f"CONVERT({name} USING utf8mb4)"
    if reader.given in _BARE:
        return f"IFNULL({text}, '')"
    return f"""IFNULL(CONCAT('"', REPLACE({text}, '"', '""'), '"'), '')"""


def _literal(value: object) -> str:
    """A bind inside a block, where parameters cannot stand: digits alone, so that no value can be read as SQL.

    A literal rather than a variable, because a variable's collation would clash with a column's.
    """
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return f"DATE'{value:%Y-%m-%d}'"
    return f"_utf8mb4 X'{str(value).encode().hex()}'"
