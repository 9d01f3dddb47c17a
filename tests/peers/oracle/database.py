"""DuckDB behind Oracle's words: types translated, results as encoded cells, errors by Oracle's codes.

NUMBER without precision is kept as DECIMAL(38,10) and described without precision; a result column whose name ends in
_CLOB is described as a CLOB. Never a model of Oracle's semantics: only of the SQL that the tests use.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from tests.peers.oracle import primitives
from tests.peers.oracle.calls import Row
from tests.peers.oracle.results import Cells, Described, OracleError, Type
from tests.peers.oracle.services import Text

_PORTION = 5_000
_NANOSECONDS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_QUOTED_OR_BIND = re.compile(r"'(?:[^']|'')*'|(?<!:):\w+")
_INSERT = re.compile(r"insert\s+into\s+(\w+)\s+values\s*\([\s:,\w]*\)\s*", re.IGNORECASE)
_QUERY = re.compile(r"\s*(?:/\*.*?\*/\s*)*(select|with)\b", re.IGNORECASE | re.DOTALL)
_TYPES = (
    (r"TIMESTAMP\s*\(9\)", "TIMESTAMP_NS"),
    (r"TIMESTAMP(\s*\(\d\))?\s+WITH\s+TIME\s+ZONE", "TIMESTAMPTZ"),
    (r"TIMESTAMP\s*\([0-6]\)", "TIMESTAMP"),
    (r"VARCHAR2\s*\(\d+(\s+CHAR)?\)|\bCLOB\b", "VARCHAR"),
    (r"\bRAW\s*\(\d+\)", "BLOB"),
    (r"\bNUMBER\s*\(", "DECIMAL("),
    (r"\bNUMBER\b", "DECIMAL(38,10)"),
    (r"\bBINARY_DOUBLE\b", "DOUBLE"),
    (r"\bDATE\b(?!\s*')", "TIMESTAMP_S"),
)
_FLOATING = 0x81  # scale -127: a NUMBER without precision
_CODES = (("does not exist", 942), ("Binder Error", 904), ("Conversion Error", 1722), ("Parser Error", 900))


class Result:
    """An open result: its columns and, one after another, its rows as encoded cells."""

    def __init__(self, columns: list[Described], cells: Iterator[Cells]) -> None:
        self.columns, self.cells = columns, cells


class Database:
    """One session's view of the database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, text: Text) -> None:
        self._connection, self._text = connection, text

    def begin_read_only(self) -> None:
        """The snapshot is of now: a first read fixes it."""
        self._connection.execute("BEGIN TRANSACTION READ ONLY")
        self._connection.execute("SELECT * FROM dual").fetchall()

    def describe(self, sql: str) -> list[Described]:
        names = len(_binds(sql))
        self._run(f"{_translated(sql)}\nLIMIT 0", (None,) * names)
        return self._described()

    def query(self, sql: str, values: Row) -> Result:
        self._run(_translated(sql), values)
        columns = self._described()
        return Result(columns, self._cells(columns, self._connection.to_arrow_reader(_PORTION)))

    def change(self, sql: str, rows: Sequence[Row]) -> int:
        """Rows changed; many rows of one INSERT go in together."""
        insert = _INSERT.fullmatch(sql.strip())
        if insert and len(rows) > 1:
            names = [f"c{at}" for at in range(len(rows[0]))]
            given = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=names)
            self._connection.register("given_rows", given)
            self._run(f"INSERT INTO {insert[1]} SELECT * FROM given_rows", ())
            self._connection.unregister("given_rows")
            return len(rows)
        for values in rows:
            self._run(_translated(sql), values)
        return len(rows)

    def _run(self, sql: str, values: Row) -> None:
        try:
            self._connection.execute(sql, list(values))
        except duckdb.Error as error:
            words = str(error)
            code = next((code for mark, code in _CODES if mark in words), 600)
            raise OracleError(code, words.splitlines()[0]) from None

    def _described(self) -> list[Described]:
        return [_described(column[0], str(column[1])) for column in self._connection.description or ()]

    def _cells(self, columns: list[Described], reader: pa.RecordBatchReader) -> Iterator[Cells]:
        for batch in reader:
            encoded = [self._encoded(one.kind, array) for one, array in zip(columns, batch.columns, strict=True)]
            yield from zip(*encoded, strict=True)

    def _encoded(self, kind: Type, array: pa.Array) -> list[bytes | None]:
        if kind in (Type.VARCHAR, Type.CLOB):
            encode = {Text.RIGHT: str.encode, Text.LOST: _lost, Text.PASSED: _passed}[self._text]
            return _each(encode, array.to_pylist())
        if kind is Type.NUMBER:
            return _each(_number, array.to_pylist())
        if kind in (Type.DATE, Type.TIMESTAMP, Type.TIMESTAMP_TZ):
            unit = _NANOSECONDS[array.type.unit]
            encode = _MOMENTS[kind]
            return [None if value is None else encode(value * unit) for value in array.cast(pa.int64()).to_pylist()]
        return _each(primitives.double if kind is Type.BINARY_DOUBLE else bytes, array.to_pylist())


_MOMENTS: dict[Type, Callable[[int], bytes]] = {
    Type.DATE: lambda nanoseconds: primitives.date(nanoseconds // 1000),
    Type.TIMESTAMP: primitives.timestamp,
    Type.TIMESTAMP_TZ: primitives.zoned,
}


def is_query(sql: str) -> bool:
    return _QUERY.match(sql) is not None


def opened(path: str) -> duckdb.DuckDBPyConnection:
    """The database file, with the few packages and the table that every Oracle has."""
    warnings.filterwarnings("ignore", message="Arrow output")  # it copies the rows: no matter here
    connection = duckdb.connect(path)
    connection.execute("SET threads = 1")
    connection.execute("CREATE TABLE IF NOT EXISTS dual AS SELECT 'X' AS dummy")
    connection.execute("CREATE SCHEMA IF NOT EXISTS utl_raw")
    connection.create_function("latin_bytes", _passed, ["VARCHAR"], "BLOB")
    connection.create_function("latin_text", _latin, ["BLOB"], "VARCHAR")
    connection.execute("CREATE OR REPLACE MACRO cast_to_raw(x) AS latin_bytes(x)")
    connection.execute("CREATE OR REPLACE MACRO cast_to_varchar2(x) AS latin_text(x)")
    connection.execute("CREATE OR REPLACE MACRO hextoraw(x) AS unhex(x)")
    return connection


def _translated(sql: str) -> str:
    marked = _QUOTED_OR_BIND.sub(lambda found: found[0] if found[0][0] == "'" else "?", sql.replace("utl_raw.", ""))
    for pattern, word in _TYPES:
        marked = re.sub(pattern, word, marked, flags=re.IGNORECASE)
    return marked


def _binds(sql: str) -> list[str]:
    return [found for found in _QUOTED_OR_BIND.findall(sql) if found[0] == ":"]


def _described(name: str, kind: str) -> Described:
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        precision, scale = int(found[1]), int(found[2])
        if (precision, scale) == (38, 10):
            return Described(name=name.upper(), kind=Type.NUMBER, scale=_FLOATING)
        return Described(name=name.upper(), kind=Type.NUMBER, precision=precision, scale=scale)
    if "INT" in kind:
        return Described(name=name.upper(), kind=Type.NUMBER, scale=_FLOATING)
    other = {
        "DOUBLE": (Type.BINARY_DOUBLE, 0, 8),
        "BLOB": (Type.RAW, 0, 2000),
        "TIMESTAMP_S": (Type.DATE, 0, 7),
        "TIMESTAMP": (Type.TIMESTAMP, 6, 11),
        "TIMESTAMP_NS": (Type.TIMESTAMP, 9, 11),
        "TIMESTAMP WITH TIME ZONE": (Type.TIMESTAMP_TZ, 6, 13),
    }.get(kind)
    if other is not None:
        return Described(name=name.upper(), kind=other[0], scale=other[1], size=other[2])
    text = Type.CLOB if name.upper().endswith("_CLOB") else Type.VARCHAR
    return Described(name=name.upper(), kind=text, size=4000)


def _each(encode: Callable[[Any], bytes], values: Sequence[Any]) -> list[bytes | None]:
    return [None if value is None else encode(value) for value in values]


def _number(value: Decimal | int) -> bytes:
    return primitives.number(Decimal(value))


def _lost(text: str) -> bytes:
    return "".join(one if one.isascii() else "\ufffd" for one in text).encode()


def _passed(text: str) -> bytes:
    return text.encode("latin-1")


def _latin(raw: bytes) -> str:
    return raw.decode("latin-1")
