"""Control totals (对账数): row count and exact sums in fen, the figures two parties compare.

Owns the arithmetic and the agreement rule. It must never see a float, and never lose the rows whose amount could not
be read: they count 0 in the sum and are named in `unreadable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact

import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.types import MONEY_SCALE, Column, FieldType

_EXACT = Context(prec=76, traps=[Inexact])

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Rows, and for each money column its sum and the rows whose amount could not be read.

    Attributes:
        rows: number of rows.
        sums: (column, fen) in the feed's column order, one entry for every money column.
        unreadable: (column, rows) likewise; all zero for rows that passed the checks.
    """

    rows: int
    sums: Counts = ()
    unreadable: Counts = ()

    @classmethod
    def zero(cls, columns: Iterable[Column]) -> Totals:
        """The totals of no rows; the start of every sum."""
        nothing = tuple((name, 0) for name in money_columns(columns))
        return cls(rows=0, sums=nothing, unreadable=nothing)

    @classmethod
    def of(cls, batch: pa.RecordBatch, columns: Iterable[Column]) -> Totals:
        """Counted in checked records, as the centre counts for itself in a payload."""
        names = money_columns(columns)
        sums = tuple((name, fen_sum(batch.column(name))) for name in names)
        return cls(rows=batch.num_rows, sums=sums, unreadable=tuple((name, 0) for name in names))

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            rows=self.rows + other.rows,
            sums=_added(self.sums, other.sums),
            unreadable=_added(self.unreadable, other.unreadable),
        )


def money_columns(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column.type is FieldType.MONEY)


def fen_sum(amounts: pa.Array) -> int:
    """Sum of a decimal128(20,2) column in whole fen; null counts 0."""
    total = pc.sum(amounts).as_py()
    return int(_EXACT.scaleb(total, MONEY_SCALE)) if total is not None else 0


def to_yuan(fen: int) -> str:
    """Fen as the decimal string in yuan that JSON and messages carry: `-5` -> `-0.05`."""
    return format(_EXACT.scaleb(Decimal(fen), -MONEY_SCALE), "f")


def _added(left: Counts, right: Counts) -> Counts:
    if [name for name, _ in left] != [name for name, _ in right]:
        raise ValueError("totals of different columns cannot be added")
    return tuple((name, a + b) for (name, a), (_, b) in zip(left, right, strict=True))
