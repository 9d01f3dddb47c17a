"""Microsoft Access files (.mdb, .accdb): one table, read through mdbtools' own programs and never through its driver.

odbc-mdbtools 1.0.0 cannot be used (measured on a JET4 file): after the last row it begins again from the first,
COUNT(*) ends the process, ORDER BY and binds are not known, a zero date raises. `mdb-export` reads the table as text.
So: `table:` alone, without handshake, order or cursor; the period's days are chosen here, after the reading. The rows
come in the file's own order, which stays while the file does. A row's position is its number in the table.

Exact are Text, Memo with its line breaks, Byte, Integer, Long Integer, Currency, Decimal, Yes/No, and Date/Time to the
second. Every other type is refused, Single and Double above all: they have lost what they could not hold. Held are the
number of rows against the table's own header, each child's exit code and standard error, and the file's time of change.

What mdbtools 1.0.0 does not tell, and what becomes of it here:

* an empty text is told as null is: both are missing;
* a date before 1899-12-30 is told as `1900-01-00 00:00:00`, which is no date, so its row is a problem row (and so a
  Date/Time is taken for dates, months and times alone, not for a text); the zero date is told as it is, 1899-12-30;
* a character beyond the first 65,536 (𠮷 and other rare ones of names) is told as `??`, and in Access 97 one that is
  none in the encoding as `?`: a row with such a text has the fault `encoding`, though somebody may have typed it;
* a memo from 199,990 bytes on may be cut: refused; a text ends at its first NUL character.

Measured on a real JET4 file with mdbtools 1.0.0; Currency, Decimal, Memo, Yes/No, Chinese and zero dates in copies of
it that were changed byte by byte. By documentation alone: .accdb, encrypted files, memos on pages of their own, and
Access 97 (Jet 3) with its texts in GB 18030 through MDB_JET3_CHARSET.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from stat import S_ISREG

import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Extraction, Outcome, Request, assemble
from adapters.odbc.config import OdbcConfig
from adapters.odbc.failures import malformed
from adapters.odbc.mdbtools import ACCESS_97, AccessTable, Child
from adapters.odbc.tables import Table
from adapters.odbc.values import Reader, ValueRefused, reader
from gateway.errors import ConfigInvalid, SourceDenied, SourceMalformed, SourceUnavailable
from gateway.records.types import Column, Fault, FieldType

_CUT_BYTES = 199_990  # mdb-export has 200,000 for a value, less the end mark and a character that would not fit whole
_DATED = (FieldType.DATE, FieldType.MONTH, FieldType.TIMESTAMP)
_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2}) 00:00:00$"
_KINDS: dict[str, type] = {
    "Text": str, "Memo/Hyperlink": str, "Byte": int, "Integer": int, "Long Integer": int, "Currency": Decimal,
    "Numeric": Decimal, "DateTime": datetime, "Boolean": bool,
}  # fmt: skip


def open_access(file: str, config: OdbcConfig, request: Request) -> Extraction:
    """`file` is what the connection string names. Raises: as `Adapter.extract`; ConfigInvalid."""
    table = _expect_plain(file, config)
    charset = "GB18030" if config.encoding == "gb18030" else None
    source = AccessTable(file=Path(file), name=table.name, charset=charset, request=request)
    stamp = _stamp(source)
    version = source.version(stamp[0])
    if version == ACCESS_97 and config.encoding != "gb18030":
        zh, en = "Access 97 文件须写明 encoding: gb18030", "an Access 97 file needs encoding: gb18030"
        raise ConfigInvalid(place="encoding", problem_zh=zh, problem_en=en)
    reading = _Reading(
        source=source, table=table, columns=source.columns(), rows=source.rows(), stamp=stamp, version=version
    )
    readers = reading.readers()
    with ExitStack() as stack:
        child = source.export()
        stack.callback(child.end)
        return Extraction(
            request=request,
            facts=(("driver", "mdbtools"), ("dbms", version), ("file", source.file.name), ("size", str(stamp[0]))),
            batches=reading.batches(child, readers),
            resources=stack.pop_all(),
        )


def _expect_plain(file: str, config: OdbcConfig) -> Table:
    """The table, where nothing is asked that cannot be done exactly. Raises: ConfigInvalid."""
    table = config.table
    if table is None:
        zh, en = "Access 文件只能按表读取,请以 table 代替 sql", "Access is read by table alone: write table, not sql"
        raise ConfigInvalid(place="sql", problem_zh=zh, problem_en=en)
    asked = {
        "handshake": table.handshake,
        "order_by": table.order_by,
        "cursor_column": config.cursor_column,
        "totals_sql": config.totals_sql,
        "accelerator": config.accelerator,
        "marking": config.marking,
        "user": config.user,
        "password": config.password,
    }
    if found := next((name for name, value in asked.items() if value), None):
        zh = f"读 Access 文件时不能用 {found},请去掉:只有表名、列和期间(period、period_text)"
        en = f"an Access file cannot be read with {found}: give the table, its columns and its period alone"
        raise ConfigInvalid(place=found, problem_zh=zh, problem_en=en)
    if not Path(file).is_absolute():
        zh, en = "连接串请写 Driver=MDBTools;DBQ=文件的绝对路径", "write Driver=MDBTools;DBQ=/the/files/absolute.path"
        raise ConfigInvalid(place="connection", problem_zh=zh, problem_en=en)
    return table


def _stamp(source: AccessTable) -> tuple[int, int]:
    """The file's size and time of change, of a file that can be read. Raises: SourceUnavailable, SourceDenied."""
    feed = source.request.feed
    try:
        found = source.file.stat()
        if not S_ISREG(found.st_mode):  # a pipe would be waited for
            raise FileNotFoundError
        source.file.open("rb").close()
    except PermissionError:
        raise SourceDenied(feed=feed) from None
    except OSError:
        zh, en = "打不开 Access 文件,请核对路径和挂载", "the Access file cannot be opened: check the path and the mount"
        raise SourceUnavailable(feed=feed, reason_zh=zh, reason_en=en) from None
    return found.st_size, found.st_mtime_ns


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One table on its way: what the file says of it, and the rows that the request wants.

    Attributes:
        columns: names and Access types, as in every row. rows: how many the table's header says there are.
        stamp: of the file, before anything was read. version: as mdb-ver calls its format.
    """

    source: AccessTable
    table: Table
    columns: tuple[tuple[str, str], ...]
    rows: int
    stamp: tuple[int, int]
    version: str

    def readers(self) -> list[Reader]:
        """One for each of the feed's columns. Raises: SourceMalformed: a column is missing, or not exact."""
        for name, kind in ((self.table.period, "DateTime"), (self.table.period_text, "Text")):
            if name is not None and (found := self._kind(name)) != kind:
                zh = f"期间列 {name} 应为 {kind} 类型,文件中为 {found}"
                en = f"the period's column {name} should be {kind}, and is {found}"
                raise self._malformed(zh, en)
        return [self._reader(column) for column in self.source.request.columns]

    def batches(self, child: Child, readers: list[Reader]) -> Generator[pa.RecordBatch, None, Outcome]:
        size = self.source.request.batch_rows
        seen = 0
        for block in self.source.blocks(child, len(self.columns), self._wanted(readers)):
            self._expect_uncut(block)
            numbers = pa.array(range(seen + 1, seen + len(block) + 1), pa.int64()).cast(pa.utf8())
            batch = self._of_period(block, self._batch(block, numbers, readers))
            seen += len(block)
            for start in range(0, len(batch), size):
                yield batch.slice(start, size)
        self._expect_all(seen)
        return Outcome()

    def _reader(self, column: Column) -> Reader:
        name = column.source or column.name
        kind = self._kind(name)
        try:
            return reader(column, _given(column, kind))
        except ValueRefused:
            zh = f"列 {name} 为 Access 的 {kind} 类型,不能精确传递到这一字段,请部门改为货币、小数或文本"
            en = f"column {name} is Access {kind}, not exact for this field: make it Currency, Decimal or Text"
            raise self._malformed(zh, en) from None

    def _kind(self, name: str) -> str:
        """Its Access type. Raises: SourceMalformed: no such column."""
        kind = dict(self.columns).get(name)
        if kind is None:
            raise self._malformed(f"表 {self.table.name} 没有列 {name}", f"{self.table.name} has no column {name}")
        return kind

    def _label(self, name: str) -> str:
        """Of a column in a block."""
        return str([known for known, _ in self.columns].index(name))

    def _wanted(self, readers: list[Reader]) -> list[int]:
        names = {*(one.source for one in readers), self.table.period, self.table.period_text}
        return [number for number, (name, _) in enumerate(self.columns) if name in names]

    def _batch(self, block: pa.RecordBatch, numbers: pa.Array, readers: list[Reader]) -> pa.RecordBatch:
        texts = [block.column(self._label(one.source)) for one in readers]
        lost = self._lost([text for one, text in zip(readers, texts, strict=True) if one.given is str], len(block))
        faults = pc.if_else(lost, Fault.ENCODING.value, pa.scalar(None, pa.utf8()))
        values = [_value(one, text) for one, text in zip(readers, texts, strict=True)]
        kept = [pc.if_else(lost, pa.scalar(None, value.type), value) for value in values]
        return assemble(self.source.request.columns, numbers, faults, kept)

    def _lost(self, texts: list[pa.Array], rows: int) -> pa.Array:
        """Which rows have a text in which mdbtools could not tell a character."""
        mark = "?" if self.version == ACCESS_97 else "??"
        found = pa.repeat(pa.scalar(False), rows)
        for text in texts:
            found = pc.or_(found, pc.match_substring(text, mark).fill_null(False))
        return found

    def _of_period(self, block: pa.RecordBatch, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of the period's days; a row without a date has none. Texts of one form are in the order of time."""
        request = self.source.request
        if self.table.period is not None:
            day = block.column(self._label(self.table.period))
            since, until = f"{request.start} 00:00:00", f"{request.end} 00:00:00"
            chosen = pc.and_(pc.greater_equal(day, since), pc.less(day, until))
            batch, block = batch.filter(chosen), block.filter(chosen)
        if self.table.period_text is not None:
            batch = batch.filter(pc.equal(block.column(self._label(self.table.period_text)), request.period))
        return batch

    def _expect_uncut(self, block: pa.RecordBatch) -> None:
        """Raises: SourceMalformed: a value as long as mdb-export can write may have been longer."""
        for label, values in zip(block.schema.names, block.columns, strict=True):
            if (pc.max(pc.binary_length(values)).as_py() or 0) >= _CUT_BYTES:
                name = self.columns[int(label)][0]
                zh, en = f"列 {name} 有超过 199 KB 的文本", f"column {name} holds a text over 199 KB"
                raise self._malformed(zh, en)

    def _expect_all(self, seen: int) -> None:
        """Raises: SourceUnavailable: the file changed meanwhile; SourceMalformed: rows are missing, or too many."""
        if _stamp(self.source) != self.stamp:
            zh, en = "读取期间 Access 文件被改动", "the Access file was changed while it was read"
            raise SourceUnavailable(feed=self.source.request.feed, reason_zh=zh, reason_en=en)
        if seen != self.rows:
            zh = f"读出 {seen} 行,而表头记为 {self.rows} 行:文件可能已损坏,请用 Access“压缩和修复”"
            en = f"{seen} rows were read where the table says {self.rows}: have the file compacted and repaired"
            raise self._malformed(zh, en)

    def _malformed(self, zh: str, en: str) -> SourceMalformed:
        return malformed(self.source.request, zh, en, where=self.source.file.name)


def _given(column: Column, kind: str) -> type:
    """What `adapters.odbc.values` calls such a column. Raises: ValueRefused: a date for a text field."""
    if kind == "DateTime" and column.type not in _DATED:
        raise ValueRefused(column.name, kind)
    return _KINDS.get(kind, bytes)


def _value(reader: Reader, texts: pa.Array) -> pa.Array:
    """A date without a time is one with midnight in Access; another hour is left to be seen."""
    if reader.given is datetime and reader.column.type is FieldType.DATE:
        return pc.replace_substring_regex(texts, _MIDNIGHT, r"\1")
    return reader.from_text(texts)
