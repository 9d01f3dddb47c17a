"""A query's result as batches: describe it, read the totals and then the rows in one snapshot.

Imported only when a source is opened. Runs in the caller's process (thin) or in the child's (thick); it knows neither.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Extraction, Fault, Outcome, Request, assemble
from adapters.oracle.config import OracleConfig
from adapters.oracle.failures import malformed
from adapters.oracle.fetching import Portion, portions
from adapters.oracle.forms import UNASKED, Form, form
from adapters.oracle.session import Session, bound, spoken
from adapters.oracle.texts import Texts, texts
from adapters.oracle.totals import declared
from adapters.statements import Statement


def open_database(config: OracleConfig, password: str, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    with ExitStack() as stack:
        session = Session(config, password, request)
        stack.callback(session.close)
        return Extraction(
            request=request,
            facts=session.facts,
            batches=_Reading(session=session, config=config, request=request).batches(),
            resources=stack.pop_all(),
        )


@dataclass(frozen=True, kw_only=True)
class _Result:
    """The result's columns as they are fetched, where each field stands among them, and the cursor's place."""

    names: list[str]
    forms: list[Form]
    places: list[int]
    follow: int | None


class _Reading:
    def __init__(self, *, session: Session, config: OracleConfig, request: Request) -> None:
        self._session, self._config, self._request = session, config, request
        self._cursor_value = request.cursor

    def batches(self) -> Generator[pa.RecordBatch, None, Outcome]:
        stated = declared(self._session, self._config.totals_sql, self._request)
        statement = Statement.parse(self._config.sql)
        result = self._described(spoken(statement))
        rows = min(self._request.batch_rows, *(form.portion for form in result.forms))
        values = bound(statement, self._request)
        seen = 0
        for portion in portions(self._session, spoken(statement), values, result.names, result.forms, rows):
            yield self._batch(result, portion, seen)
            seen += len(portion[0])
        return Outcome(declared=stated, cursor=self._cursor_value if result.follow is not None else None)

    def _described(self, sql: str) -> _Result:
        columns = self._session.describe(sql)
        names = [described.name for described in columns]
        places = [self._place(names, column.source or column.name) for column in self._request.columns]
        follow = self._place(names, self._config.cursor_column) if self._config.cursor_column else None
        for place in {*places, *([] if follow is None else [follow])}:
            self._expect_exact(columns[place])
        forms = [form(described) or UNASKED for described in columns]
        return _Result(names=names, forms=forms, places=places, follow=follow)

    def _place(self, names: list[str], wanted: str) -> int:
        """Oracle writes a name without quotes in upper case; either is meant."""
        found = [place for place, name in enumerate(names) if name in (wanted, wanted.upper())]
        if len(found) != 1:
            zh, en = f"结果中列 {wanted} 有 {len(found)} 个", f"the result has {len(found)} columns named {wanted}"
            raise malformed(self._request, zh, en)
        return found[0]

    def _expect_exact(self, described: Any) -> None:
        found, name, kind = form(described), described.name, described.type_code.name.removeprefix("DB_TYPE_")
        if found is None:
            zh = f"列 {name} 为 {kind} 类型,不能精确传递,请在语句中用 TO_CHAR 转为文本"
            raise malformed(
                self._request, zh, f"column {name} is {kind}, which is not exact: make it text with TO_CHAR in the SQL"
            )
        if found.rows == pa.binary() and kind == "RAW" and self._config.charset is None:
            zh = f"列 {name} 为 RAW 字节;若为错标字符集的文本,请写 charset: gb18030"
            en = f"column {name} is RAW bytes; if it is text of a wrongly declared set, say charset: gb18030"
            raise malformed(self._request, zh, en)

    def _batch(self, result: _Result, portion: Portion, seen: int) -> pa.RecordBatch:
        rows = len(portion[0])
        positions = pa.array(range(seen + 1, seen + rows + 1), pa.int64()).cast(pa.utf8())
        fields = zip(result.places, self._request.columns, strict=True)
        found = [texts(portion[place], column.type, self._config.charset) for place, column in fields]
        self._follow(result, portion)
        bad = reduce(pc.or_, (one.bad for one in found))
        faults = pc.if_else(bad, pa.scalar(Fault.ENCODING.value), pa.scalar(None, pa.utf8()))
        return assemble(self._request.columns, positions, faults, [_but(bad, one) for one in found])

    def _follow(self, result: _Result, portion: Portion) -> None:
        if result.follow is None:
            return
        last = texts(portion[result.follow].slice(len(portion[0]) - 1), None, self._config.charset).values[0].as_py()
        if last is None:
            zh, en = "最后一行的 cursor_column 为空", "the cursor column is null in the last row of a portion"
            raise malformed(self._request, zh, en)
        self._cursor_value = last


def _but(bad: pa.Array, found: Texts) -> pa.Array:
    return pc.if_else(bad, pa.scalar(None, pa.utf8()), found.values)
