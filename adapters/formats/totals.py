"""The totals that a file states about itself, as rows and fen.

Must never take a number that is not exactly one, or a sum finer than a fen.
"""

from __future__ import annotations

import re
from decimal import Decimal

from adapters.contract import Request
from gateway.errors import ConfigInvalid
from gateway.records.types import Column, FieldType, Unit

_COUNT = re.compile(r"[0-9]{1,12}")
_SUM = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,6})?")
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
    if not _SUM.fullmatch(text):
        raise NotExact("不是数字", "is no number")
    exact = Decimal(text) * _FEN[column.unit or Unit.YUAN]
    if exact != exact.to_integral_value():
        raise NotExact("不足一分", "is finer than a fen")
    return int(exact)


def money_column(name: str, request: Request) -> Column:
    """The feed's money field of that name. Raises: ConfigInvalid: the totals of the layout name another."""
    for column in request.columns:
        if column.name == name and column.type is FieldType.MONEY:
            return column
    problem = {
        "problem_zh": f"totals.sums 的 {name} 不是金额字段",
        "problem_en": f"totals.sums: {name} is no money field",
    }
    raise ConfigInvalid(place=request.feed, **problem)
