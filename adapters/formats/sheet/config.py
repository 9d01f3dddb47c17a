"""The `format:` block of a spreadsheet: a declared template, in which nothing is guessed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from adapters.contract import config_error
from adapters.formats.block import FormatBlock, Names

MEBIBYTE = 1 << 20

Row = Annotated[int, Field(ge=1, le=1_048_576)]
HeadRow = Annotated[int, Field(ge=1, le=100)]
Letters = Annotated[str, Field(pattern=r"^[A-Z]{1,3}$")]
CellName = Annotated[str, Field(pattern=r"^[A-Z]{1,3}[1-9][0-9]{0,2}$")]
Rows = Annotated[
    tuple[HeadRow, ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    Field(min_length=1, max_length=5),
]


class Header(FormatBlock):
    """The rows that hold the columns' titles; the levels of a merged heading are joined: `低保金/城市`.

    Attributes:
        rows: all levels, top first.
        by: what a title has to equal: the field's `source` (or name), or its `title`.
    """

    rows: Rows
    by: Literal["source", "title"] = "source"


class At(FormatBlock):
    """One cell above the records.

    Attributes:
        cell: its name, such as `H2`.
    """

    cell: CellName


class SheetTotals(FormatBlock):
    """The row in which the sheet states its own totals; it is never a record.

    Attributes:
        row: the last row of the table, or the number of a row above the records.
        mark: what that row says; spaces inside do not matter (合　计).
        at: the column that says it.
        rows: the column with the number of records, where the sheet states it.
        sums: by field name, the column with that money field's sum, in the field's own unit.
    """

    row: HeadRow | Literal["last"] = "last"
    mark: str = "合计"
    at: Letters = "A"
    rows: Letters | None = None
    sums: dict[str, Letters] = Field(default_factory=dict)


class Sheet(FormatBlock):
    """How one sheet of a workbook is read. Rows and columns are named as the sheet itself names them.

    Attributes:
        sheet: its name, or its number counted from 1, hidden ones included.
        header: where the titles stand.
        columns: where there is no header, by field name the column's letters.
        first: the first row of records; the one below the header where absent.
        unit: the cell with the unit line (单位:万元), which has to agree with the unit of every money field.
        period: the cell that has to hold the period collected.
        totals: the row of the sheet's own totals.
        footer: what the lines under the table begin with (填表人, 负责人, 注); nothing else may stand there.
        blank: whether a row without any value is passed over, or ends the table.
        merged: what a merged area among the records means, where it covers a column that is read: `refuse` makes
            every row but its first a problem row (it would look empty), `fill` gives them the first row's value.
        serials: what a number without a date format means in a date or month field: `digits` as they stand
            (20180101), or `days` of the workbook's own calendar (43101 is 2018-01-01, or 2022-01-02 from 1904 on).
        codes: where drop-downs show `code<mark>meaning`, that mark; the code alone is read.
        stamp: the hidden sheet by which a workbook of `yizhan template` tells its feed and its fields.
        most: bytes of the file; what it unpacks to has a limit of its own (`package.MOST_UNPACKED`).
    """

    drivers: ClassVar[tuple[str, ...]] = ("python_calamine", "lxml")

    kind: Literal["sheet"]
    sheet: Annotated[str, Field(min_length=1, max_length=31)] | Annotated[int, Field(ge=1, le=255)] = 1
    header: Header | None = None
    columns: dict[str, Letters] | None = None
    first: Row | None = None
    unit: At | None = None
    period: At | None = None
    totals: SheetTotals | None = None
    footer: Names = ()
    blank: Literal["skip", "end"] = "skip"
    merged: Literal["refuse", "fill"] = "refuse"
    serials: Literal["digits", "days"] = "digits"
    codes: Annotated[str, Field(min_length=1, max_length=3)] | None = None
    stamp: Annotated[str, Field(min_length=1, max_length=31)] | None = None
    most: Annotated[int, Field(ge=1, le=64 * MEBIBYTE)] = 32 * MEBIBYTE

    @property
    def start(self) -> int:
        """The first row of records, from 1."""
        return self.first or (self.header.rows[-1] + 1 if self.header else 1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.header is None) == (self.columns is None):
            raise config_error("sheet_columns", "应给出 header 或 columns 之一", "give either header or columns")
        if self.header is None and self.first is None:
            raise config_error("sheet_first", "用 columns 时应给出 first", "columns needs first")
        if self.header and self.start <= max(self.header.rows):
            raise config_error("sheet_first", "first 应在表头之下", "first has to be below the header")
        if self.start > 100:
            raise config_error("sheet_first", "first 应不大于 100", "first has to be 100 or less")
        if self.totals and self.totals.row != "last" and self.totals.row >= self.start:
            zh, en = "totals.row 应为 last 或在明细之上", "totals.row has to be last, or above the records"
            raise config_error("sheet_totals", zh, en)
        return self
