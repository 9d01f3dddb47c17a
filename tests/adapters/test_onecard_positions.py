"""Positions kept in few bytes come back as they were."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.onecard.growing import Growing
from adapters.onecard.positions import Positions

words = st.text(max_size=12) | st.from_regex(r"[a-z./: ]{0,6}[0-9]{0,14}", fullmatch=True)


@given(st.lists(st.lists(words, max_size=8), max_size=5), st.data())
def test_every_position_comes_back_exactly(blocks: list[list[str]], data: st.DataObject) -> None:
    positions = Positions()
    for block in blocks:
        positions.add(pa.array(block, pa.utf8()))
    texts = [text for block in blocks for text in block]
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=20)) if texts else []
    assert positions.take(np.array(rows, np.int64)).to_pylist() == [texts[row] for row in rows]


def test_what_a_position_looks_like_does_not_matter() -> None:
    positions = Positions()
    texts = ["12", "a.zip/b.txt:7", "page 3 row 5", "007", "0", "12345678901", "x", "", "row 5 of 9.", "行\n5"]
    positions.add(pa.array(texts))
    assert positions.take(np.arange(len(texts))).to_pylist() == texts


def test_an_array_that_grew_many_times_holds_what_was_put_in() -> None:
    growing, expected = Growing(np.int64), np.arange(1_000_003)
    for part in np.array_split(expected, 77):
        growing.extend(part)
    assert len(growing) == len(expected)
    assert np.array_equal(growing.whole, expected)


def test_nothing_is_added_under_a_view() -> None:
    growing = Growing(np.int32)
    growing.extend(np.arange(60_000, dtype=np.int32))
    view = growing.whole
    with pytest.raises(BufferError):
        growing.extend(np.arange(60_000, dtype=np.int32))
    assert view[-1] == 59_999
