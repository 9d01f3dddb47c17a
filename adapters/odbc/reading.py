"""A query's result as batches: connect, read the totals and the rows in one transaction, fetch in measured portions.

Imported only when a source is opened, so that a machine without unixODBC can still read the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyodbc

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets, assemble, cut_off
from adapters.odbc.binds import Statement
from adapters.odbc.config import OdbcConfig
from adapters.odbc.dialects import Dialect, dialect
from adapters.odbc.values import Reader, ValueRefused, reader
from gateway.errors import ConfigInvalid, SourceDenied, SourceMalformed, SourceUnavailable
from gateway.records.types import FieldType, Unit

_FETCH_ROWS = 5_000  # rows become Python objects here: more at once costs memory and gains nothing (measured)
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,10})?")
_SQLITE_ERROR = re.compile(r"\[SQLite\].*\(1\) \(")
_FEN = {Unit.FEN: 1, Unit.YUAN: 100, Unit.WAN_YUAN: 1_000_000}


def open_database(config: OdbcConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    with ExitStack() as stack:
        with _driver_errors(request):
            connection = pyodbc.connect(
                _connection_string(config, secrets), autocommit=True, readonly=True, timeout=_whole(request, config)
            )
            stack.callback(connection.close)
            _prepare(connection, config, request)
            source = dialect(connection, _values(request))
        return Extraction(
            request=request,
            facts=(
                ("driver", connection.getinfo(pyodbc.SQL_DRIVER_NAME)),
                ("dbms", connection.getinfo(pyodbc.SQL_DBMS_NAME)),
            ),
            batches=_Reading(connection=connection, source=source, config=config, request=request).batches(),
            resources=stack.pop_all(),
        )


@contextmanager
def _driver_errors(request: Request) -> Iterator[None]:
    """pyodbc's exceptions as ours, by SQLSTATE class; its texts quote values and statements and stay inside."""
    try:
        yield
    except pyodbc.Error as error:
        request.remaining()
        state = str(error.args[0]) if error.args else ""
        if state.startswith("28") or state == "42501":
            raise SourceDenied(feed=request.feed) from None
        if _is_final(state, error):
            zh, en = f"驱动或语句不可用(SQLSTATE {state})", f"the driver or the SQL cannot be used (SQLSTATE {state})"
            raise SourceMalformed(feed=request.feed, where="ODBC", reason_zh=zh, reason_en=en) from None
        zh, en = f"数据库连接或查询失败(SQLSTATE {state})", f"the connection or the query failed (SQLSTATE {state})"
        raise SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en) from None
    except (ValueError, OverflowError):
        zh, en = (
            "驱动程序给出无法表示的值,请在语句中转为文本",
            "the driver gave a value it cannot express: cast it to text in the SQL",
        )
        raise SourceMalformed(feed=request.feed, where="ODBC", reason_zh=zh, reason_en=en) from None


def _is_final(state: str, error: pyodbc.Error) -> bool:
    """No driver of that name, or SQL that this database will never take. SQLite says so only in its own code 1."""
    if state in ("IM002", "IM003", "01000") or state.startswith("42"):
        return True
    return _SQLITE_ERROR.search(str(error.args[-1])) is not None


def _connection_string(config: OdbcConfig, secrets: Secrets) -> str:
    parts = [config.connection.rstrip("; ")]
    if config.user is not None:
        parts.append(f"UID={_braced(config.user)}")
    if config.password is not None:
        parts.append(f"PWD={_braced(secrets.read(config.password))}")
    return ";".join(parts)


def _braced(value: str) -> str:
    return "{" + value.replace("}", "}}") + "}"


def _whole(request: Request, config: OdbcConfig) -> int:
    return max(1, min(config.login_seconds, int(request.remaining())))


def _values(request: Request) -> dict[str, object]:
    """What the named binds stand for."""
    return {
        "period": request.period,
        "period_start": request.start,
        "period_end": request.end,
        "cursor": request.cursor,
    }


def _prepare(connection: pyodbc.Connection, config: OdbcConfig, request: Request) -> None:
    connection.timeout = max(1, int(request.remaining()))
    if config.encoding is not None:
        connection.setdecoding(pyodbc.SQL_CHAR, encoding=config.encoding)
        connection.setencoding(encoding=config.encoding)


class _Reading:
    def __init__(self, *, connection: pyodbc.Connection, source: Dialect, config: OdbcConfig, request: Request) -> None:
        self._connection, self._source, self._config, self._request = connection, source, config, request
        self._cursor_value = request.cursor

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        declared = self._declared()
        result = self._run(self._config.sql)
        readers = self._readers(result)
        names = [described[0] for described in result.description]
        picks = [names.index(item.column.source or item.column.name) for item in readers]
        follow = names.index(self._config.cursor_column) if self._config.cursor_column else None
        seen = 0
        while rows := self._fetch(result):
            columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
            if follow is not None:
                self._cursor_value = str(columns[follow][-1])
            yield self._batch(readers, [columns[pick] for pick in picks], seen)
            seen += len(rows)
        return Outcome(declared=declared, cursor=self._cursor_value if follow is not None else None)

    def _run(self, sql: str) -> pyodbc.Cursor:
        cursor = self._connection.cursor()
        with _driver_errors(self._request), cut_off(self._request, cursor.cancel):
            self._source.run(Statement.parse(sql), cursor)
        return cursor

    def _fetch(self, result: pyodbc.Cursor) -> list[pyodbc.Row]:
        self._request.remaining()
        with _driver_errors(self._request), cut_off(self._request, result.cancel):
            return result.fetchmany(min(_FETCH_ROWS, self._request.batch_rows))

    def _readers(self, result: pyodbc.Cursor) -> list[Reader]:
        names = [described[0] for described in result.description]
        for column in self._request.columns:
            found = names.count(column.source or column.name)
            if found != 1:
                name = column.source or column.name
                raise self._malformed(f"结果中列 {name} 有 {found} 个", f"the result has {found} columns named {name}")
        kinds = {described[0]: described[1] for described in result.description}
        try:
            return [reader(column, kinds[column.source or column.name]) for column in self._request.columns]
        except ValueRefused as refused:
            zh = f"列 {refused.column} 为 {refused.given} 类型,不能精确传递,请在语句中转为文本"
            en = f"column {refused.column} comes as {refused.given}, which is not exact: cast it to text in the SQL"
            raise self._malformed(zh, en) from None

    def _batch(self, readers: list[Reader], columns: list[Sequence[Any]], seen: int) -> pa.RecordBatch:
        rows = len(columns[0])
        positions = pa.array(range(seen + 1, seen + rows + 1), pa.int64()).cast(pa.utf8())
        try:
            values = [item.convert(column) for item, column in zip(readers, columns, strict=True)]
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, AttributeError, TypeError):
            where = f"第 {seen + 1} 至 {seen + rows} 行的值与列类型不符,请在语句中转为文本"
            raise self._malformed(
                where, f"a value of rows {seen + 1} to {seen + rows} is not of its column's type"
            ) from None
        return assemble(self._request.columns, positions, pa.nulls(rows, pa.utf8()), values)

    def _declared(self) -> Declared | None:
        if self._config.totals_sql is None:
            return None
        result = self._run(self._config.totals_sql)
        names = [described[0] for described in result.description]
        rows = self._fetch(result)
        if len(rows) != 1 or "rows" not in names:
            raise self._malformed("totals_sql 应为一行并含 rows 列", "totals_sql must give one row with a column rows")
        given = dict(zip(names, rows[0], strict=True))
        count = given.pop("rows")
        return Declared(
            rows=self._exact(count, 1), sums=tuple((n, self._exact(v, self._unit(n))) for n, v in given.items())
        )

    def _unit(self, name: str) -> int:
        for column in self._request.columns:
            if column.name == name and column.type is FieldType.MONEY:
                return _FEN[column.unit or Unit.YUAN]
        problem = {
            "problem_zh": f"totals_sql 的 {name} 不是金额字段",
            "problem_en": f"totals_sql: {name} is no money field",
        }
        raise ConfigInvalid(place=self._request.feed, **problem)

    def _exact(self, value: object, scale: int) -> int:
        """A whole number of fen (or rows) out of what an aggregate gives; the sum of no rows is null, which is zero."""
        if value is None:
            return 0
        if isinstance(value, (int, Decimal, str)) and _NUMBER.fullmatch(text := format(value)):
            scaled = Decimal(text) * scale
            if scaled == scaled.to_integral_value():
                return int(scaled)
        raise self._malformed("totals_sql 的结果不是精确数值", "totals_sql did not give exact numbers")

    def _malformed(self, zh: str, en: str) -> SourceMalformed:
        return SourceMalformed(feed=self._request.feed, where="SQL", reason_zh=zh, reason_en=en)
