"""A query's result under way, whatever way its driver hands it over: first its columns, then its rows as Arrow arrays.

Must never decide which types a field takes: `adapters.odbc.values` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import pyarrow as pa
import pyodbc

from adapters.odbc.packed import Unpacking
from adapters.odbc.values import Reader

Named = Callable[[str], str]


class Result(Protocol):
    """`names` and `kinds` are the driver's description of each column, known before the first row."""

    names: tuple[str, ...]
    kinds: tuple[type, ...]

    def select(self, readers: Sequence[Reader], cursor: pyodbc.Cursor) -> None:
        """Say which columns are wanted; once, before `fetch`. Raises: what pyodbc raises."""
        ...

    def fetch(self, rows: int) -> list[pa.Array]:
        """The next rows, at most about so many, an array for each reader; no array at all after the last row.

        Raises: what pyodbc raises; ChildFailed, PackingBroken; pa.ArrowInvalid and its like: not of its kind.
        """
        ...

    def cancel(self) -> None:
        """Stop it, from any thread: a `fetch` under way fails. Raises: pyodbc.Error: the connection is gone."""
        ...


class Values:
    """Rows as Python objects, or as the bytes of their text: what every driver can do."""

    def __init__(self, cursor: pyodbc.Cursor, named: Named = str) -> None:
        self._cursor = cursor
        self.names, self.kinds = described(cursor, named)
        self._picks: list[tuple[int, Callable[[Sequence[object]], pa.Array]]] = []

    def select(self, readers: Sequence[Reader], cursor: pyodbc.Cursor) -> None:
        self._picks = [(self.names.index(one.source), one.convert) for one in readers]

    def fetch(self, rows: int) -> list[pa.Array]:
        got = self._cursor.fetchmany(rows)
        columns = list(zip(*got, strict=True))
        return [convert(columns[pick]) for pick, convert in self._picks] if got else []

    def cancel(self) -> None:
        self._cursor.cancel()


class Texts(Values):
    """Every value as the bytes of the database's own text, in UTF-8: for a driver whose own conversions bend them."""

    def select(self, readers: Sequence[Reader], cursor: pyodbc.Cursor) -> None:
        self._picks = [(self.names.index(one.source), _of_bytes(one)) for one in readers]


class Lines(Protocol):
    """Where packed rows come from."""

    def read(self, rows: int) -> tuple[bytes, int]:
        """Some lines without a last line end, and how many they are; none after the last one."""
        ...

    def cancel(self) -> None:
        """As of a `Result`."""
        ...


class Packed:
    """Rows as lines of text; the statement is sent once the wanted columns are known."""

    def __init__(
        self, *, columns: tuple[tuple[str, ...], tuple[type, ...]], open_lines: Callable[[Sequence[Reader]], Lines],
        doubled_backslash: bool,
    ) -> None:  # fmt: skip
        self.names, self.kinds = columns
        self._open = open_lines
        self._doubled = doubled_backslash
        self._lines: Lines | None = None

    def select(self, readers: Sequence[Reader], cursor: pyodbc.Cursor) -> None:
        self._readers = tuple(readers)
        self._unpacking = Unpacking(fields=len(readers), doubled_backslash=self._doubled)
        self._lines = self._open(readers)

    def fetch(self, rows: int) -> list[pa.Array]:
        lines, count = self._lines.read(rows) if self._lines is not None else (b"", 0)
        if not count:
            return []
        texts = self._unpacking.columns(lines, count)
        return [one.from_text(text) for one, text in zip(self._readers, texts, strict=True)]

    def cancel(self) -> None:
        if self._lines is not None:
            self._lines.cancel()


def described(cursor: pyodbc.Cursor, named: Named = str) -> tuple[tuple[str, ...], tuple[type, ...]]:
    """Names and kinds of the columns of a statement that was executed; `named` puts the driver's names right."""
    return tuple(named(one[0]) for one in cursor.description), tuple(one[1] for one in cursor.description)


def as_bytes(connection: pyodbc.Connection) -> None:
    """From now on every value of this connection is fetched as bytes."""
    for kind in _EVERY:
        connection.add_output_converter(kind, bytes)


def _of_bytes(reader: Reader) -> Callable[[Sequence[object]], pa.Array]:
    return lambda values: reader.from_text(pa.array(values, pa.utf8()))


_EVERY = (
    pyodbc.SQL_CHAR, pyodbc.SQL_VARCHAR, pyodbc.SQL_LONGVARCHAR, pyodbc.SQL_WCHAR, pyodbc.SQL_WVARCHAR,
    pyodbc.SQL_WLONGVARCHAR, pyodbc.SQL_DECIMAL, pyodbc.SQL_NUMERIC, pyodbc.SQL_TINYINT, pyodbc.SQL_SMALLINT,
    pyodbc.SQL_INTEGER, pyodbc.SQL_BIGINT, pyodbc.SQL_BIT, pyodbc.SQL_TYPE_DATE, pyodbc.SQL_TYPE_TIME,
    pyodbc.SQL_TYPE_TIMESTAMP,
)  # fmt: skip
