"""The row in which a sheet states its own totals, as rows and fen. Must never take a total that is not exactly one."""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.contract import Declared, Request
from adapters.formats.sheet.body import Numbered
from adapters.formats.sheet.cells import plain
from adapters.formats.sheet.config import SheetTotals
from adapters.formats.sheet.faults import SheetError, column_number
from adapters.formats.sheet.workbook import Grid
from adapters.totals import NotExact, count, fen, money_column

_SPACES = re.compile(r"\s+")


def read_totals(row: Numbered | None, grid: Grid, totals: SheetTotals, request: Request) -> Declared:
    """Raises: SheetError: there is no such row, it lacks its mark, or a total is no exact number; ConfigInvalid."""
    if row is None or _SPACES.sub("", _cell(row, grid, totals.at)) != _SPACES.sub("", totals.mark):
        zh, en = f"表格末行不是{totals.mark}行", f"the totals row ({totals.mark}) is not where it is declared to be"
        if totals.row != "last":
            zh = f"该行不是{totals.mark}行"
        raise SheetError(place=row[0] if row else "", zh=zh, en=en)
    rows = _exact(row, grid, totals.rows, count) if totals.rows else None
    sums = []
    for name, letters in sorted(totals.sums.items()):
        column = money_column(name, request)
        sums.append((name, _exact(row, grid, letters, lambda text, column=column: fen(text, column))))
    return Declared(rows=rows, sums=tuple(sums))


def _cell(row: Numbered, grid: Grid, letters: str) -> str:
    at = column_number(letters) - grid.left
    return plain(row[1][at]) if 0 <= at < len(row[1]) else ""


def _exact(row: Numbered, grid: Grid, letters: str, take: Callable[[str], int]) -> int:
    try:
        if grid.flaws.has(row[0] - 1, column_number(letters)):
            raise NotExact("是错误值或尚未计算的公式", "holds an error or a formula never calculated")
        return take(_cell(row, grid, letters))
    except NotExact as wrong:
        zh, en = f"合计行{letters}列{wrong.zh}", f"column {letters} of the totals row {wrong.en}"
        raise SheetError(place=row[0], zh=zh, en=en) from None
