"""Exact sums in fen."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.totals import Totals, to_yuan
from gateway.records.types import Column, FieldType, target_schema

COLUMNS = (Column(name="amount", type=FieldType.MONEY), Column(name="count", type=FieldType.INTEGER))
FEN = st.integers(-(10**20) + 1, 10**20 - 1)


def batch(fen: list[int | None]) -> pa.RecordBatch:
    amounts = [None if value is None else Decimal(to_yuan(value)) for value in fen]
    return pa.record_batch(
        [pa.array(amounts, pa.decimal128(20, 2)), pa.nulls(len(fen), pa.int64())], target_schema(COLUMNS)
    )


@given(st.lists(FEN | st.none(), max_size=30))
def test_sums_are_exact_to_the_fen_at_the_edge_of_the_type(fen: list[int | None]) -> None:
    totals = Totals.of(batch(fen), COLUMNS)
    assert totals == Totals(
        rows=len(fen), sums=(("amount", sum(value or 0 for value in fen)),), unreadable=(("amount", 0),)
    )


@given(st.lists(FEN, max_size=10), st.lists(FEN, max_size=10))
def test_totals_of_parts_add_up_to_the_total_of_the_whole(left: list[int], right: list[int]) -> None:
    parts = Totals.of(batch(left), COLUMNS) + Totals.of(batch(right), COLUMNS)
    assert parts == Totals.of(batch(left + right), COLUMNS)


def test_ten_times_ten_fen_is_one_yuan() -> None:
    assert Totals.of(batch([10] * 10), COLUMNS).sums == (("amount", 100),)


@pytest.mark.parametrize(
    ("fen", "yuan"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1234.56"), (10**30, "1" + "0" * 28 + ".00")]
)
def test_fen_are_shown_as_yuan_with_two_decimals(fen: int, yuan: str) -> None:
    assert to_yuan(fen) == yuan
