"""Where everything stands in the workbook, and so the template by which the sheet format reads it.

1  the feed's title
2  数据期 | the period | 单位:元 |                                  ... 条数
3  合计   | the department's own sums under each money field        ... number of records
4  填写要求 | 必填 or 选填 for each field
5  栏目   | the fields' titles
6  records, from column B on; column A stays empty
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from adapters.formats.sheet.config import Sheet
from adapters.formats.sheet.faults import column_letters
from gateway.catalogue import Feed
from gateway.catalogue.tree import Field
from gateway.records.types import FieldType, Unit

TITLE_ROW, PERIOD_ROW, TOTALS_ROW, NEED_ROW, HEADER_ROW, FIRST_ROW = range(1, 7)
LABELS, FIRST_COLUMN = 0, 1
PERIOD_CELL, UNIT_CELL = (PERIOD_ROW, 1), (PERIOD_ROW, 2)
RECORDS, NOTES, STAMP = "数据", "填表说明", "_yizhan"
TOTALS_MARK, CODE_MARK = "合计", " "
UNITS = {Unit.FEN: "分", Unit.YUAN: "元", Unit.WAN_YUAN: "万元"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A feed's workbook.

    Attributes:
        unit: the one unit of all its money fields; None where they differ, or there are none.
        titles: what stands above each field; made unique by the field's name where two titles are equal.
    """

    feed: Feed
    unit: Unit | None
    titles: tuple[str, ...]

    @property
    def money(self) -> tuple[tuple[int, Field], ...]:
        """The money fields with their columns, from 0."""
        fields = enumerate(self.feed.fields, FIRST_COLUMN)
        return tuple((at, field) for at, field in fields if field.type is FieldType.MONEY)

    @property
    def count_column(self) -> int:
        """Right of the last field."""
        return FIRST_COLUMN + len(self.feed.fields)

    @property
    def format(self) -> Sheet:
        """The `format:` block that reads this layout."""
        letters = {field.name: column_letters(at) for at, field in enumerate(self.feed.fields, FIRST_COLUMN)}
        unique = self.titles == tuple(field.title for field in self.feed.fields)
        where = {"header": {"rows": [HEADER_ROW], "by": "title"}} if unique else {"columns": letters}
        totals = {
            "row": TOTALS_ROW,
            "mark": TOTALS_MARK,
            "at": column_letters(LABELS),
            "rows": column_letters(self.count_column),
            "sums": {field.name: letters[field.name] for _, field in self.money},
        }
        rest = {"unit": {"cell": _cell(UNIT_CELL)}} if self.unit else {}
        return Sheet.model_validate(
            {
                "kind": "sheet",
                "sheet": RECORDS,
                **where,
                "first": FIRST_ROW,
                "period": {"cell": _cell(PERIOD_CELL)},
                **rest,
                "totals": totals,
                "codes": CODE_MARK,
                "stamp": STAMP,
            }
        )


def plan(feed: Feed) -> Plan:
    """The workbook of one feed."""
    units = {field.unit or Unit.YUAN for field in feed.fields if field.type is FieldType.MONEY}
    named = Counter(field.title or field.name for field in feed.fields)
    titles = tuple(_title(field, named) for field in feed.fields)
    return Plan(feed=feed, unit=units.pop() if len(units) == 1 else None, titles=titles)


def _title(field: Field, named: Counter[str]) -> str:
    title = field.title or field.name
    return title if named[title] == 1 else f"{title}({field.name})"


def shown(code: str, meaning: str) -> str:
    """A code as the drop-down shows it; the reader takes the code alone."""
    return f"{code}{CODE_MARK}{meaning}" if meaning else code


def _cell(place: tuple[int, int]) -> str:
    return f"{column_letters(place[1])}{place[0]}"
