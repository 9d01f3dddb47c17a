"""The bulletin as a workbook: one sheet that prints on A4, landscape, and one more for what a correction changed.

Owns how a cell is written: text always as text, so that nothing in it is ever a formula or a link; figures as numbers
that can be sorted and summed. The same bulletin gives the same bytes. Imported only when a workbook is written: its
driver is in the extra `files`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

import xlsxwriter

from gateway.bulletin.cells import Cell
from gateway.bulletin.columns import Column
from gateway.bulletin.words import Words

_BORDER = {"border": 1, "valign": "vcenter", "font_name": "SimSun", "font_size": 10}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18, "align": "center", "valign": "vcenter", "font_color": "#C00000"},
    "issue": {"align": "center", "bottom": 2, "bottom_color": "#C00000"},
    "prose": {"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True},
    "header": {**_BORDER, "bold": True, "bg_color": "#F2DCDB", "text_wrap": True, "align": "center"},
    "text": {**_BORDER, "num_format": "@", "text_wrap": True, "quote_prefix": True},
    "count": {**_BORDER, "num_format": "#,##0"},
    "percent": {**_BORDER, "num_format": "0.00%"},
    "days": {**_BORDER, "num_format": "0.0"},
    "points": {**_BORDER, "num_format": "↑0.00;↓0.00;0.00"},
}
_WIDTHS = {Column.RANK: 6, Column.DEPARTMENT: 26, Column.RATE: 12, Column.REMARKS: 46}
_WIDTH = 10
_CHANGES = (26, 18, 40, 40)
_LINE_HEIGHT, _LETTERS = 16, 75  # of a paragraph on the printed sheet: points a line, Chinese letters a line


def draw(words: Words) -> bytes:
    """The whole file."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        created = words.bulletin.at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": words.title, "author": "yizhan", "created": created})
        styles = {name: book.add_format(style) for name, style in _STYLES.items()}
        _draw_table(book, words, styles)
        if words.changes:
            _draw_changes(book, words, styles)
    return out.getvalue()


def _draw_table(book: xlsxwriter.Workbook, words: Words, styles: dict[str, Any]) -> None:
    sheet = _sheet(book, words.say("通报", "bulletin"))
    last = len(Column) - 1
    for at, column in enumerate(Column):
        sheet.set_column(at, at, _WIDTHS.get(column, _WIDTH))
    row = _lead(sheet, words, styles, last)
    heading = row
    _row(sheet, row, [Cell(text=text) for text in words.headings()], styles, "header")
    sheet.set_row(row, 2 * _LINE_HEIGHT)
    for line in [*words.lines(), words.total_line()]:
        row += 1
        _row(sheet, row, line, styles, "text")
    sheet.freeze_panes(heading + 1, 2)
    sheet.autofilter(heading, 0, max(row - 1, heading), last)
    sheet.repeat_rows(heading)
    row = _prose(sheet, row + 1, words.notes(), styles, last)
    sheet.print_area(0, 0, row - 1, last)


def _draw_changes(book: xlsxwriter.Workbook, words: Words, styles: dict[str, Any]) -> None:
    sheet = _sheet(book, words.say("更正明细", "changes"))
    for at, width in enumerate(_CHANGES):
        sheet.set_column(at, at, width)
    _row(sheet, 0, [Cell(text=text) for text in words.change_headings()], styles, "header")
    for row, line in enumerate(words.change_lines(), 1):
        _row(sheet, row, line, styles, "text")
    sheet.freeze_panes(1, 0)


def _sheet(book: xlsxwriter.Workbook, name: str) -> Any:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.set_footer("&C&P / &N")
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return sheet


def _lead(sheet: Any, words: Words, styles: dict[str, Any], last: int) -> int:
    """Title, issue line and text; gives the row after them."""
    sheet.merge_range(0, 0, 0, last, "", styles["title"])
    sheet.write_string(0, 0, words.title, styles["title"])
    sheet.set_row(0, 32)
    sheet.merge_range(1, 0, 1, last, "", styles["issue"])
    sheet.write_string(1, 0, words.issue_line, styles["issue"])
    return _prose(sheet, 2, words.paragraphs(), styles, last)


def _prose(sheet: Any, row: int, texts: Iterable[str], styles: dict[str, Any], last: int) -> int:
    """A merged cell a paragraph, high enough for its text; gives the row after them."""
    for text in texts:
        sheet.merge_range(row, 0, row, last, "", styles["prose"])
        sheet.write_string(row, 0, text, styles["prose"])
        wide = sum(1 if ord(letter) > 0xFF else 0.5 for letter in text)
        sheet.set_row(row, _LINE_HEIGHT * (1 + int(wide / _LETTERS)))
        row += 1
    return row


def _row(sheet: Any, row: int, cells: Sequence[Cell], styles: dict[str, Any], plain: str) -> None:
    for column, cell in enumerate(cells):
        if cell.number is not None:
            sheet.write_number(row, column, float(cell.number), styles[cell.style])
        else:
            sheet.write_string(row, column, cell.text, styles[plain])
