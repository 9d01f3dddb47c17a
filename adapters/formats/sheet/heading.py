"""What stands above the records: titles, the unit line, the period; and so the column of each of the feed's fields.

Must never take a title that is only similar, and never read money in another unit than the sheet states.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.contract import Request
from adapters.formats.sheet.cells import plain
from adapters.formats.sheet.config import Header, Sheet
from adapters.formats.sheet.faults import SheetError, cell_place, column_letters, column_number
from adapters.formats.sheet.workbook import Area, Cell
from gateway.errors import ConfigInvalid
from gateway.records.types import Column, FieldType, Unit

_UNIT_LINE = re.compile("单\\s*位\\s*[:\uff1a]\\s*([^)\uff09单]*)")
_IN_TITLE = re.compile("[(\uff08](?P<unit>万元|元|分)[)\uff09]")
_BETWEEN = re.compile("[\\s、,\uff0c;\uff1b/]+")
_UNITS = {"万元": Unit.WAN_YUAN, "元": Unit.YUAN, "人民币元": Unit.YUAN, "分": Unit.FEN}
_BREAK = re.compile(r"\s*[\r\n]+\s*")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The rows above the records, with merged areas filled to the right and down."""

    rows: list[list[Cell]]
    left: int
    width: int
    merged: tuple[Area, ...]

    def text(self, row: int, column: int) -> str:
        """A cell by its place from 0; a line break within it is layout and no part of the title."""
        row, column = self.origin(row, column)
        at = column - self.left
        inside = row < len(self.rows) and 0 <= at < len(self.rows[row])
        return _BREAK.sub("", plain(self.rows[row][at])) if inside else ""

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """The cell that holds what this one shows."""
        for (top, left), (bottom, right) in self.merged:
            if top <= row <= bottom and left <= column <= right:
                return top, left
        return row, column

    def title(self, rows: Sequence[int], column: int) -> str:
        """The levels of a heading joined with `/`; a merged area is one level, a blank one is none."""
        origins = dict.fromkeys(self.origin(row - 1, column) for row in rows)
        return "/".join(filter(None, (self.text(*origin) for origin in origins)))


def places(head: Head, config: Sheet, request: Request) -> tuple[int, ...]:
    """For each of the feed's columns, in order, the sheet's column from 0. Raises: SheetError, ConfigInvalid."""
    if config.header is not None:
        found = _by_title(head, config.header, request)
    else:
        found = tuple(_by_letters(config.columns or {}, column, request) for column in request.columns)
    expect_unit(head, config, request)
    for at, column in zip(found, request.columns, strict=True):
        title = head.title(config.header.rows, at) if config.header else ""
        if column.type is FieldType.MONEY and (stated := _IN_TITLE.search(title)):
            _same_unit(_UNITS[stated["unit"]], column, f"{column_letters(at)}{config.start - 1}")
    return found


def expect_unit(head: Head, config: Sheet, request: Request) -> None:
    """Raises: SheetError: the declared cell states no unit of money, or any line above the records another one."""
    money = [column for column in request.columns if column.type is FieldType.MONEY]
    if config.unit is not None:
        row, column = cell_place(config.unit.cell)
        stated = _stated(head.text(row, column))
        if stated is None:
            zh = "该单元格应写明一种金额单位(如 单位:元);没有时请查是否插入过行或列"
            en = "this cell has to state one unit of money (单位:元); if it does not, look for inserted rows or columns"
            raise SheetError(place=config.unit.cell, zh=zh, en=en)
    for number, row in enumerate(head.rows):
        for at, cell in enumerate(row):
            unit = _stated(cell) if isinstance(cell, str) else None
            for column in money if unit else ():
                _same_unit(unit, column, f"{column_letters(at + head.left)}{number + 1}")


def expect_period(head: Head, config: Sheet, request: Request) -> None:
    """Raises: SheetError: the sheet is of another period than the one collected."""
    if config.period is not None and head.text(*cell_place(config.period.cell)) != request.period:
        zh, en = f"数据期应为 {request.period}", f"the period should be {request.period}"
        raise SheetError(place=config.period.cell, zh=zh, en=en)


def _stated(text: str) -> Unit | None:
    """The unit of money in a unit line, which may name others too: `单位:户、人、万元`."""
    words = _BETWEEN.split(" ".join(_UNIT_LINE.findall(text)))
    named = {_UNITS[word] for word in words if word in _UNITS}
    return named.pop() if len(named) == 1 else None


def _same_unit(unit: Unit | None, column: Column, place: str) -> None:
    declared = column.unit or Unit.YUAN
    if unit is not declared:
        zh = f"表中金额单位与登记的不符({column.name} 登记为 {declared.value})"
        en = f"it states another unit of money than declared ({column.name}: {declared.value})"
        raise SheetError(place=place, zh=zh, en=en)


def _by_title(head: Head, header: Header, request: Request) -> tuple[int, ...]:
    width = range(head.left, head.left + head.width)
    titles = [head.title(header.rows, column) for column in width]
    found = []
    for column in request.columns:
        wanted = (column.title if header.by == "title" else column.source) or column.name
        if titles.count(wanted) != 1:
            zh = f"{'缺少' if wanted not in titles else '重复出现'}列 {wanted}"
            en = f"the column {wanted} stands there {titles.count(wanted)} times"
            raise SheetError(place=header.rows[-1], zh=zh, en=en)
        found.append(width[titles.index(wanted)])
    return tuple(found)


def _by_letters(columns: dict[str, str], column: Column, request: Request) -> int:
    if column.name not in columns:
        problem = {"problem_zh": f"format.columns 缺少 {column.name}", "problem_en": f"no format.columns.{column.name}"}
        raise ConfigInvalid(place=request.feed, **problem)
    return column_number(columns[column.name])
