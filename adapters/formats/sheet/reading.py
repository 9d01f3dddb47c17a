"""A sheet as batches: the workbook judged and opened, its heading, its records stretch by stretch, its own totals.

The reader lays the whole sheet out in memory, so the file's size, what it unpacks to and the sheet's area are bounded
(`config.Sheet.most`, `package.MOST_UNPACKED`, `flaws.MOST_CELLS`). Hidden rows and columns are data like all others.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from itertools import islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Declared, Fault, Request, assemble
from adapters.formats.content import Content, whole
from adapters.formats.refusal import refusing
from adapters.formats.sheet.body import Body, Numbered
from adapters.formats.sheet.cells import Reading, strings, texts
from adapters.formats.sheet.config import Sheet
from adapters.formats.sheet.flaws import COLUMNS, Flaws
from adapters.formats.sheet.heading import Head, expect_period, places
from adapters.formats.sheet.merges import Merges
from adapters.formats.sheet.stamp import expect_stamp
from adapters.formats.sheet.totals import read_totals
from adapters.formats.sheet.workbook import Cell, Grid, Workbook
from adapters.formats.summary import summaries
from gateway.errors import SourceNotReady

_STRETCH = 4_096
_LOCK = "~$"
Objects = npt.NDArray[np.object_]


def read(content: Content, config: Sheet, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """Raises: SourceMalformed, with the row or cell; SourceNotReady: a lock file; LimitExceeded; ConfigInvalid."""
    if content.name.startswith(_LOCK):
        zh, en = "这是 Excel 的锁定文件,工作簿正被打开", "this is a lock file: somebody has the workbook open"
        raise SourceNotReady(feed=request.feed, file=content.name, reason_zh=zh, reason_en=en)
    with refusing(content, request):
        workbook = Workbook(whole(content, config.most, request))
        with closing(workbook):
            if config.stamp is not None:
                stamped = workbook.sheet(config.stamp).rows() if workbook.has(config.stamp) else ()
                expect_stamp(islice(stamped, 100), config.stamp, request)
            return (yield from _records(workbook.sheet(config.sheet), config, request))


def _records(grid: Grid, config: Sheet, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    rows = grid.rows()
    merged = tuple(area for area in grid.merged if area[0][0] < config.start - 1)
    head = Head(rows=list(islice(rows, config.start - 1)), left=grid.left, width=grid.width, merged=merged)
    expect_period(head, config, request)
    columns = places(head, config, request)
    body = Body(rows, grid, config, min(request.batch_rows, _STRETCH))
    table = _Table(grid, columns, config, request)
    for numbered in body:
        yield table.batch(numbered)
    if config.totals is None:
        return None
    row = config.totals.row
    last = body.last if row == "last" else (row, head.rows[row - 1] if row <= len(head.rows) else [])
    return read_totals(last, grid, config.totals, request)


class _Table:
    """The records' columns, in the feed's order."""

    def __init__(self, grid: Grid, columns: tuple[int, ...], config: Sheet, request: Request) -> None:
        self._grid, self._columns, self._request, self._config = grid, columns, request, config
        self._reading = Reading(from_1904=grid.from_1904, serials=config.serials, codes=config.codes)
        self._flaws = _rows_of(grid.flaws, columns)
        self._merges = Merges(grid, columns, config.start - 1)

    def batch(self, numbered: list[Numbered]) -> pa.RecordBatch:
        """Some rows in the contract's shape."""
        numbers = np.array([number for number, _ in numbered], np.int64)
        faults: Objects = np.full(len(numbered), None, object)
        if self._config.merged == "fill":
            self._merges.fill(numbered)
        else:
            faults[self._merges.covered(numbered)] = Fault.LAYOUT.value
        cells = list(zip(*(row for _, row in numbered), strict=True))
        values = []
        for at, column in zip(self._columns, self._request.columns, strict=True):
            text = texts(self._at(cells, at, len(numbered)), column, self._reading)
            faults[text.changed] = Fault.CONVERTED.value
            values.append(text.values)
        faults[np.isin(numbers - 1, self._flaws)] = Fault.FORMULA.value
        for column in cells:
            faults[summaries(strings(column))] = Fault.SUMMARY.value
        return self._assembled(numbers, faults, values)

    def _assembled(self, numbers: npt.NDArray[np.int64], faults: Objects, values: list[pa.Array]) -> pa.RecordBatch:
        told = pa.array(faults, pa.utf8())
        if told.null_count < len(told):
            values = [pc.if_else(pc.is_valid(told), None, column) for column in values]
        return assemble(self._request.columns, pa.array(numbers).cast(pa.utf8()), told, values)

    def _at(self, cells: list[tuple[Cell, ...]], column: int, rows: int) -> tuple[Cell, ...]:
        """A column by its place in the sheet; one beyond the last that is used is empty."""
        at = column - self._grid.left
        return cells[at] if 0 <= at < len(cells) else ("",) * rows


def _rows_of(flaws: Flaws, columns: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The rows, from 0, with a flaw in one of these columns."""
    return np.unique(flaws.places[np.isin(flaws.places % COLUMNS, columns)] // COLUMNS)
