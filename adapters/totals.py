"""The totals that a source states about itself, as rows and fen: in a file's own words, or in one row of a query.

Must never take a number that is not exactly one, a float, or a sum finer than a fen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from adapters.contract import Declared, Request
from gateway.errors import ConfigInvalid
from gateway.records.types import Column, FieldType, Unit

ROWS = "rows"
_COUNT = re.compile(r"[0-9]{1,12}")
_SUM = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,6})?")  # no more digits than Decimal's usual context keeps
_FEN = {Unit.FEN: Decimal(1), Unit.YUAN: Decimal(100), Unit.WAN_YUAN: Decimal(1_000_000)}


class NotExact(ValueError):
    """The text is no exact total. Facts: `zh`, `en`: fixed words that follow the place's name."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def count(text: str) -> int:
    """A number of records. Raises: NotExact."""
    if not _COUNT.fullmatch(text):
        raise NotExact("不是数字", "is no number")
    return int(text)


def fen(text: str, column: Column) -> int:
    """A sum in the column's own unit, in fen. Raises: NotExact."""
    return _whole(text, _FEN[column.unit or Unit.YUAN])


def _whole(text: str, scale: Decimal) -> int:
    if not _SUM.fullmatch(text):
        raise NotExact("不是数字", "is no number")
    exact = Decimal(text) * scale
    if exact != exact.to_integral_value():
        raise NotExact("不足一分", "is finer than a fen")
    return int(exact)


def money_column(name: str, request: Request) -> Column:
    """The feed's money field of that name. Raises: ConfigInvalid: the totals of the layout name another."""
    for column in request.columns:
        if column.name == name and column.type is FieldType.MONEY:
            return column
    problem = {
        "problem_zh": f"合计所指的 {name} 不是金额字段",
        "problem_en": f"the totals name {name}, which is no money field",
    }
    raise ConfigInvalid(place=request.feed, **problem)


def of_query(names: Sequence[str], rows: Sequence[Sequence[object]], request: Request) -> Declared:
    """The one row of a `totals_sql`: a column `rows` and sums by field name, in whatever case the database gives names.

    Args:
        rows: the first two at most; text, whole numbers and decimals. The sum of no rows is null, which is zero.

    Raises:
        NotExact: whole words, not to follow a place. ConfigInvalid: a column is no money field.
    """
    known = [name.lower() for name in names]
    if len(rows) != 1 or ROWS not in known:
        raise NotExact('totals_sql 应为一行并含 "rows" 列', 'totals_sql must give one row with a column "rows"')
    given = dict(zip(known, rows[0], strict=True))
    try:
        counted = _whole(_text(given.pop(ROWS)), Decimal(1))
        sums = tuple((name, fen(_text(value), money_column(name, request))) for name, value in given.items())
    except NotExact:
        raise NotExact("totals_sql 的结果不是精确数值", "totals_sql did not give exact numbers") from None
    return Declared(rows=counted, sums=sums)


def _text(value: object) -> str:
    if value is None:
        return "0"
    return format(value) if isinstance(value, str | int | Decimal) else ""
