"""A double is the decimal that was typed, or it is called lost: never another decimal."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.doubles import EXACT_DIGITS, written

TYPED = st.builds(
    lambda digits, scale, sign: Decimal(digits).scaleb(-scale) * sign,
    st.integers(0, 10**EXACT_DIGITS - 1),
    st.integers(0, 12),
    st.sampled_from([1, -1]),
)


@given(st.lists(TYPED, min_size=1, max_size=50))
def test_every_decimal_of_up_to_15_digits_comes_back_as_it_was_typed(typed: list[Decimal]) -> None:
    seen = written(np.array([float(number) for number in typed], np.float64))
    assert not seen.lost.any()
    assert [Decimal(text) for text in seen.texts.to_pylist()] == typed
    assert not any("e" in text or text == "-0" for text in seen.texts.to_pylist())


@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_any_double_is_its_own_text_or_lost(numbers: list[float]) -> None:
    seen = written(np.array(numbers, np.float64))
    for number, text, lost in zip(numbers, seen.texts.to_pylist(), seen.lost.tolist(), strict=True):
        assert (text is None) == lost
        assert lost or (float(text) == number and len(Decimal(text).as_tuple().digits) <= EXACT_DIGITS)


def test_more_than_15_digits_are_lost_and_not_rounded() -> None:
    seen = written(np.array([0.1 + 0.2, 1e15, 430482195001010016.0, float("nan"), float("inf"), -1e15]))
    assert (seen.lost.all(), seen.texts.null_count) == (True, 6)
