"""A query's result as batches: connect, read the totals and the rows in one transaction, fetch in measured portions.

Imported only when a source is opened, so that a machine without unixODBC can still read the catalogue.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyodbc

from adapters.contract import Declared, Extraction, Outcome, Request, Secrets, assemble, cut_off
from adapters.odbc.access import open_access
from adapters.odbc.config import OdbcConfig
from adapters.odbc.connecting import accelerate, connect, dialect
from adapters.odbc.dialects import Dialect
from adapters.odbc.drivers import access_file
from adapters.odbc.failures import driver_errors, malformed
from adapters.odbc.plan import Plan
from adapters.odbc.results import Result
from adapters.odbc.tables import Quoted
from adapters.odbc.values import Reader, ValueRefused, reader
from adapters.statements import Statement
from adapters.totals import NotExact, of_query
from gateway.errors import SourceMalformed
from gateway.records.types import Column, FieldType

_FETCH_ROWS = 5_000  # rows or values are Python objects for a moment: more cost memory, gain nothing (measured)


def open_database(config: OdbcConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    if (file := access_file(config.connection, pyodbc.dataSources())) is not None:
        return open_access(file, config, request)
    with ExitStack() as stack:
        reading = open_reading(config, secrets, request, stack)
        return Extraction(
            request=request,
            facts=(
                ("driver", reading.connection.getinfo(pyodbc.SQL_DRIVER_NAME)),
                ("dbms", reading.connection.getinfo(pyodbc.SQL_DBMS_NAME)),
            ),
            batches=reading.batches(),
            resources=stack.pop_all(),
        )


def open_reading(
    config: OdbcConfig,
    secrets: Secrets,
    request: Request,
    stack: ExitStack,
    purpose: Literal["read", "mark"] = "read",
) -> Reading:
    """A reading on a connection of its own, which `stack` closes. Raises: as `Adapter.extract`."""
    with driver_errors(request):
        connection = connect(config, secrets, request, purpose)
        stack.callback(connection.close)
        quoted = Quoted(connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR))
        plan = Plan.of(config, request, quoted)
        source = dialect(connection, _values(plan.asked), accelerate(config, secrets) if purpose == "read" else None)
        if purpose == "mark" and not connection.autocommit:  # SQLite has but one writer, whatever it is told
            connection.set_attr(pyodbc.SQL_ATTR_TXN_ISOLATION, pyodbc.SQL_TXN_SERIALIZABLE)
    return Reading(connection=connection, source=source, config=config, request=request, plan=plan)


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Some rows of a reading: as the contract wants them, and the texts of the columns that identify them."""

    batch: pa.RecordBatch
    keys: tuple[pa.Array, ...]


def _values(request: Request) -> dict[str, object]:
    """What the named binds stand for."""
    return {
        "period": request.period,
        "period_start": request.start,
        "period_end": request.end,
        "cursor": request.cursor,
    }


class Reading:
    """One reading on a connection of its own: its totals, then its rows."""

    def __init__(
        self, *, connection: pyodbc.Connection, source: Dialect, config: OdbcConfig, request: Request, plan: Plan
    ) -> None:
        self.connection = connection
        self._source, self._config, self._request, self._plan = source, config, request, plan

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        declared = self._declared()
        for portion in self.portions():
            yield portion.batch
        return Outcome(declared=declared, cursor=self._plan.cursor)

    def portions(self) -> Iterator[Portion]:
        """The rows, in their order."""
        cursor = self.connection.cursor()
        with ExitStack() as unfinished:
            result = self._opened(cursor)
            unfinished.callback(_cancel, result)  # else a driver may read the rest of the result before it lets go
            seen = 0
            while arrays := self._fetch(result, seen):
                yield self._portion(arrays, seen)
                seen += len(arrays[0])
            unfinished.pop_all()

    def _opened(self, cursor: pyodbc.Cursor) -> Result:
        with driver_errors(self._request), cut_off(self._request, lambda: _cancel(cursor)):
            result = self._source.open(Statement.parse(self._plan.sql), cursor)
            result.select(self._readers(result), cursor)
        return result

    def _fetch(self, result: Result, seen: int) -> list[pa.Array]:
        self._request.remaining()
        try:
            with driver_errors(self._request), cut_off(self._request, lambda: _cancel(result)):
                return result.fetch(min(_FETCH_ROWS, self._request.batch_rows))
        except (pa.ArrowTypeError, AttributeError, TypeError):
            zh = f"第 {seen + 1} 行起的值与列类型不符,请在语句中转为文本"
            en = f"a value after row {seen} is not of its column's type: cast it to text in the SQL"
            raise malformed(self._request, zh, en) from None

    def _readers(self, result: Result) -> list[Reader]:
        return [self._reader(result, column) for column in (*self._request.columns, *self._further())]

    def _further(self) -> tuple[Column, ...]:
        """What is read besides the feed's own columns, after them and as text."""
        return tuple(Column(name=name, type=FieldType.TEXT) for name in self._plan.further)

    def _reader(self, result: Result, column: Column) -> Reader:
        name = column.source or column.name
        found = result.names.count(name)
        if found != 1:
            raise self._malformed(f"结果中列 {name} 有 {found} 个", f"the result has {found} columns named {name}")
        try:
            return reader(column, result.kinds[result.names.index(name)])
        except ValueRefused as refused:
            zh = f"列 {refused.column} 为 {refused.given} 类型,不能精确传递,请在语句中转为文本"
            en = f"column {refused.column} comes as {refused.given}, which is not exact: cast it to text in the SQL"
            raise self._malformed(zh, en) from None

    def _portion(self, arrays: list[pa.Array], seen: int) -> Portion:
        own = len(self._request.columns)
        values, further = arrays[:own], arrays[own:]
        self._plan.see(further)
        keys = self._plan.keys_of(further)
        faults = pa.nulls(len(arrays[0]), pa.utf8())
        return Portion(
            batch=assemble(self._request.columns, self._plan.positions(keys, len(faults), seen), faults, values),
            keys=keys,
        )

    def _declared(self) -> Declared | None:
        if self._config.totals_sql is None:
            return None
        names, rows = self._few(self._config.totals_sql)
        try:
            return of_query(names, rows, self._request)
        except NotExact as wrong:
            raise self._malformed(wrong.zh, wrong.en) from None

    def _few(self, sql: str) -> tuple[tuple[str, ...], list[pyodbc.Row]]:
        """The names and the first two rows of a statement's result."""
        cursor = self.connection.cursor()
        with driver_errors(self._request), cut_off(self._request, lambda: _cancel(cursor)), closing(cursor):
            names = self._source.run(Statement.parse(sql), cursor)
            return names, cursor.fetchmany(2)

    def _malformed(self, zh: str, en: str) -> SourceMalformed:
        return malformed(self._request, zh, en)


def _cancel(running: pyodbc.Cursor | Result) -> None:
    """The connection may be gone already, and then there is nothing to cancel."""
    with suppress(pyodbc.Error):
        running.cancel()
