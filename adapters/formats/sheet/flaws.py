"""Cells that a reader of spreadsheets would give as empty although they are not, and the extent of the cells.

A flaw is a cell with an error (#N/A) or with a formula that was never calculated. Owns the bound on a sheet's area: a
reader lays cells out in a full rectangle, so two cells far apart would take all memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adapters.formats.sheet.faults import SheetError

MOST_CELLS = 2_000_000
"""Rows times columns of a sheet: measured to stay under 300 MB of memory, with all else."""

COLUMNS = 16_384
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Flaws:
    """Attributes:
    places: row * COLUMNS + column of each flawed cell, both from 0, sorted.
    """

    places: Places

    @property
    def rows(self) -> Places:
        """The rows with a flaw, from 0, sorted, each once."""
        return np.unique(self.places // COLUMNS)

    def has(self, row: int, column: int) -> bool:
        return bool(np.isin(row * COLUMNS + column, self.places))


def expect_area(rows: int, columns: int) -> None:
    """Raises: SheetError: the rectangle is larger than a table of records can be."""
    if rows * columns > MOST_CELLS:
        zh, en = f"表格范围过大:{rows} 行 {columns} 列", f"the sheet is too large: {rows} rows, {columns} columns"
        raise SheetError(zh=f"{zh},请删除多余行列或改交文本文件", en=f"{en}; deliver it as a text file")
