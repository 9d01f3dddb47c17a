"""The rows of the table itself: from its first record to its end, without the sheet's own totals.

Owns where the table ends. Must never leave out a row in silence: under the end only declared lines may stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from adapters.formats.sheet.config import Sheet
from adapters.formats.sheet.faults import SheetError
from adapters.formats.sheet.workbook import Cell, Grid

Numbered = tuple[int, list[Cell]]


class Body:
    """Iterate once; `last` then is the last row of the table, held back where it is the sheet's own total."""

    def __init__(self, rows: Iterator[list[Cell]], grid: Grid, config: Sheet, size: int) -> None:
        self._numbered = enumerate(rows, config.start)
        self._config = config
        self._size = size
        self._flawed = frozenset((grid.flaws.rows + 1).tolist())
        self._ended = False
        self._holds_last = config.totals is not None and config.totals.row == "last"
        self.last: Numbered | None = None

    def __iter__(self) -> Iterator[list[Numbered]]:
        """Raises: SheetError: something that is not declared stands under the table's end."""
        while given := list(islice(self._numbered, self._size)):
            kept = [numbered for numbered in given if self._is_record(*numbered)]
            if kept and self._holds_last:
                kept = kept if self.last is None else [self.last, *kept]
                self.last = kept.pop()
            if kept:
                yield kept

    def _is_record(self, number: int, row: list[Cell]) -> bool:
        lead = next(filter(_says_something, row), None)
        blank = lead is None and number not in self._flawed
        closing = isinstance(lead, str) and lead.strip().startswith(self._config.footer)
        if self._ended and not blank and not closing:
            zh, en = "表格结束之后还有内容", "something stands under the end of the table"
            raise SheetError(place=number, zh=zh, en=en)
        self._ended = self._ended or closing or (blank and self._config.blank == "end")
        return not self._ended and not blank


def _says_something(cell: Cell) -> bool:
    return cell != "" and not (isinstance(cell, str) and cell.isspace())
