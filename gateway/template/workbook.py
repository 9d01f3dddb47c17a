"""Drawing the workbook. Imported only when one is written: its driver is in the extra `files`."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from adapters.formats.sheet.faults import column_letters
from adapters.formats.sheet.stamp import stamp_rows
from gateway.catalogue.tree import Field
from gateway.errors import Lang
from gateway.template import layout
from gateway.template.layout import Plan
from gateway.template.rules import number_format, rule
from gateway.template.words import codes, hint, need, notes

_LAST_ROW = 1_048_575
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
    "label": {"bold": True, "bg_color": "#EEEEEE", "border": 1},
    "fill": {"num_format": "@", "bg_color": "#FFF2CC", "border": 1},
    "header": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "align": "center"},
    "required": {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "align": "center",
                 "font_color": "#C00000"},
    "need": {"italic": True, "font_size": 9, "align": "center"},
    "plain": {"text_wrap": True, "valign": "top"},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    plan: Plan
    lang: Lang
    book: xlsxwriter.Workbook
    styles: dict[str, Any]


def workbook(plan: Plan, lang: Lang, period: str | None) -> bytes:
    """The workbook as bytes, with the period in it where it is known; all text is ours or the catalogue's."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    drawing = _Drawing(plan=plan, lang=lang, book=book, styles={n: book.add_format(s) for n, s in _STYLES.items()})
    records, explained, hidden = (book.add_worksheet(n) for n in (layout.RECORDS, layout.NOTES, layout.STAMP))
    lists = _draw_hidden(drawing, hidden)
    _draw_head(drawing, records, period)
    for at, field in enumerate(plan.feed.fields, layout.FIRST_COLUMN):
        _draw_column(drawing, records, at, field, lists.get(field.name, ""))
    _draw_notes(drawing, explained)
    hidden.very_hidden()
    book.close()
    return out.getvalue()


def _draw_head(drawing: _Drawing, sheet: Any, period: str | None) -> None:
    plan, styles = drawing.plan, drawing.styles
    sheet.merge_range(layout.TITLE_ROW - 1, 0, 0, plan.count_column, plan.feed.title, styles["title"])
    sheet.set_row(layout.TITLE_ROW - 1, 30)
    labels = ("数据期", layout.TOTALS_MARK, "填写要求", "栏目")
    for row, label in enumerate(labels, layout.PERIOD_ROW):
        sheet.write_string(row - 1, layout.LABELS, label, styles["label"])
    row, column = layout.PERIOD_CELL
    sheet.write_string(row - 1, column, period or "", styles["fill"])
    sheet.write_comment(row - 1, column, f"{plan.feed.starts}")
    if plan.unit:
        row, column = layout.UNIT_CELL
        sheet.write_string(row - 1, column, f"单位:{layout.UNITS[plan.unit]}", styles["label"])
    sheet.write_string(layout.PERIOD_ROW - 1, plan.count_column, "条数", styles["label"])
    _draw_totals(drawing, sheet)
    sheet.set_column(layout.LABELS, layout.LABELS, 10)
    sheet.freeze_panes(layout.HEADER_ROW, layout.FIRST_COLUMN)


def _draw_totals(drawing: _Drawing, sheet: Any) -> None:
    """Cells for the department's own word; numbers, and no formula."""
    row = layout.TOTALS_ROW - 1
    whole = drawing.book.add_format(_STYLES["fill"] | {"num_format": "0"})
    sheet.write_blank(row, drawing.plan.count_column, None, whole)
    for at, field in drawing.plan.money:
        sheet.write_blank(
            row, at, None, drawing.book.add_format(_STYLES["fill"] | {"num_format": number_format(field)})
        )


def _draw_column(drawing: _Drawing, sheet: Any, at: int, field: Field, choices: str) -> None:
    """One field: its format down the whole column, its title with a comment, and the check of what is typed."""
    styles, lang = drawing.styles, drawing.lang
    title = drawing.plan.titles[at - layout.FIRST_COLUMN]
    sheet.set_column(at, at, max(12, 2 * len(title) + 2), drawing.book.add_format({"num_format": number_format(field)}))
    sheet.write_string(layout.NEED_ROW - 1, at, need(field, lang), styles["need"])
    sheet.write_string(layout.HEADER_ROW - 1, at, title, styles["required" if field.required else "header"])
    sheet.write_comment(layout.HEADER_ROW - 1, at, hint(field, lang))
    checked = rule(field, f"{column_letters(at)}{layout.FIRST_ROW}", choices)
    if checked:
        told = {"error_title": title[:32], "error_message": hint(field, lang)[:255]}
        sheet.data_validation(layout.FIRST_ROW - 1, at, _LAST_ROW, at, checked | told)


def _draw_hidden(drawing: _Drawing, sheet: Any) -> dict[str, str]:
    """The stamp in A and B, and from D on the drop-downs' lists: by field name, the range that holds its list."""
    ranges = {}
    for row, (word, value) in enumerate(stamp_rows(drawing.plan.feed.id, drawing.plan.feed.fields)):
        sheet.write_string(row, 0, word)
        sheet.write_string(row, 1, value)
    for column, field in enumerate((f for f in drawing.plan.feed.fields if f.meanings), 3):
        for row, (code, meaning) in enumerate(field.meanings):
            sheet.write_string(row, column, layout.shown(code, meaning))
        letters = column_letters(column)
        ranges[field.name] = f"='{layout.STAMP}'!${letters}$1:${letters}${len(field.meanings)}"
    return ranges


def _draw_notes(drawing: _Drawing, sheet: Any) -> None:
    """How it is filled in, then each field."""
    plain, header, lang = drawing.styles["plain"], drawing.styles["header"], drawing.lang
    for row, note in enumerate(notes(lang)):
        sheet.merge_range(row, 0, row, 3, note, plain)
        sheet.set_row(row, 32)
    start = len(notes(lang)) + 1
    heads = ("栏目", "要求", "填写内容", "代码") if lang == "zh" else ("field", "need", "content", "codes")
    for column, (head, width) in enumerate(zip(heads, (24, 12, 48, 60), strict=True)):
        sheet.write_string(start, column, head, header)
        sheet.set_column(column, column, width)
    for row, (title, field) in enumerate(zip(drawing.plan.titles, drawing.plan.feed.fields, strict=True), start + 1):
        for column, text in enumerate((title, need(field, lang), hint(field, lang), codes(field))):
            sheet.write_string(row, column, text, plain)
