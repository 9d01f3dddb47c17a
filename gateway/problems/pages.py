"""A table in a workbook that goes on on further sheets where one is full; written line by line, in bounded memory.

Owns how a cell is written: always as text, so that nothing in it is ever a formula or a link. Must never know what a
problem is. Imported only when a workbook is written: its driver is in the extra `files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import xlsxwriter

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 12},
    "note": {"italic": True, "font_color": "#595959"},
    "header": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"},
    "text": {"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True},
    "number": {"num_format": "0", "valign": "top"},
    "bad": {"num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006", "border": 1, "valign": "top",
            "quote_prefix": True},
    "bad_number": {"num_format": "0", "bg_color": "#FFC7CE", "font_color": "#9C0006", "border": 1, "valign": "top"},
    "cured": {"num_format": "@", "bg_color": "#C6EFCE", "valign": "top"},
}  # fmt: skip
_SAFE_DIGITS = 15
_AUTHOR = "yizhan"
_COMMENT = {"author": _AUTHOR, "x_scale": 2.2, "y_scale": 1.1}

SHEET_ROWS = 1_048_576
"""Rows that a sheet can hold (Excel's limit)."""
COMMENTS = 10_000
"""Comments a workbook gets: each is a shape that its reader keeps, and a spreadsheet with many hardly opens."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much goes onto a sheet, and how many cells get a comment."""

    rows: int = SHEET_ROWS
    comments: int = COMMENTS


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell; `style` is one of this file's, `comment` may be empty."""

    text: str = ""
    style: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    title: str
    width: int


class Pages:
    """One table: leading lines, a heading, then `line` by line; a full sheet is followed by `name (2)` and so on."""

    def __init__(self, drawing: Drawing, name: str, leads: Sequence[str], columns: Sequence[Column]) -> None:
        self._drawing, self._name = drawing, name
        self._leads, self._columns = leads, columns
        self._count = 0
        self._begin()

    def line(self, cells: Sequence[Cell]) -> None:
        """One line, on a new sheet where the last is full."""
        if self._row == self._drawing.limits.rows:
            self.end()
            self._begin()
        for column, cell in enumerate(cells):
            self._drawing.write(self._sheet, self._row, column, cell)
        self._row += 1

    def end(self) -> None:
        """No more lines for this sheet."""
        first = len(self._leads)
        self._sheet.autofilter(first, 0, max(first, self._row - 1), len(self._columns) - 1)

    def _begin(self) -> None:
        self._count += 1
        self._sheet = self._drawing.sheet(self._name if self._count == 1 else f"{self._name} ({self._count})")
        for row, lead in enumerate(self._leads):
            self._drawing.write(self._sheet, row, 0, Cell(text=lead, style="note" if row else "title"))
        for at, column in enumerate(self._columns):
            self._sheet.set_column(at, at, column.width)
            self._drawing.write(self._sheet, len(self._leads), at, Cell(text=column.title, style="header"))
        self._row = len(self._leads) + 1
        self._sheet.freeze_panes(self._row, 1)


class Drawing:
    """A workbook being written; sheets stand in the order they were begun."""

    def __init__(self, book: xlsxwriter.Workbook, limits: Limits) -> None:
        self.limits = limits
        self._book = book
        self._styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        self._comments = 0

    def sheet(self, name: str) -> Any:
        """A new sheet."""
        sheet = self._book.add_worksheet(name)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        """Write one cell as text; a place in the source that is a number, as a number that can be sorted by."""
        style = self._styles.get(cell.style)
        if cell.style in ("number", "bad_number") and _is_number(cell.text):
            sheet.write_number(row, column, int(cell.text), style)
        elif cell.text:
            sheet.write_string(
                row, column, cell.text, self._styles["bad" if cell.style == "bad_number" else cell.style]
            )
        elif style is not None:
            sheet.write_blank(row, column, None, style)
        if cell.comment and self._comments < self.limits.comments:
            self._comments += 1
            sheet.write_comment(row, column, cell.comment, _COMMENT)


@contextmanager
def drawn(out: BinaryIO, limits: Limits) -> Iterator[Drawing]:
    """A workbook that is whole in `out` once the block is left; its lines wait in temporary files until then."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        yield Drawing(book, limits)


def plain(texts: Iterable[str]) -> list[Cell]:
    """Cells of plain text."""
    return [Cell(text=text, style="text") for text in texts]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _SAFE_DIGITS and (text == "0" or text[0] != "0")
