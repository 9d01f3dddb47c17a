"""The index of keys against a plain dictionary, and its memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.digests import Digester, RowDigests
from gateway.records.repeats import KeyIndex
from gateway.records.types import Column, FieldType
from tests.records.batches import SALT

COLUMNS = (Column(name="k", type=FieldType.TEXT), Column(name="v", type=FieldType.TEXT))
# Few values, and first words that are shared by different keys, so that every branch of the search is met.
Row = tuple[int, int, int, bool]
ROW = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.booleans())


def digests(rows: list[Row]) -> RowDigests:
    words = np.array([row[:3] for row in rows], np.uint64).reshape(-1, 3)
    return RowDigests(key=words[:, :2].T.copy(), content=np.stack([words[:, 2], words[:, 2]]))


@given(st.lists(st.lists(ROW, max_size=12), max_size=6))
def test_the_index_answers_like_a_dictionary_of_first_good_rows(
    batches: list[list[Row]],
) -> None:
    index, known = KeyIndex(), {}
    for rows in batches:
        good = np.array([row[3] for row in rows], np.bool_)
        found = index.admit(digests(rows), good, np.ones(len(rows), np.bool_))
        for (first, second, content, is_good), repeated in zip(rows, found.tolist(), strict=True):
            key = first, second
            assert repeated is (key in known and (known[key] != content or not is_good))
            if is_good:
                known.setdefault(key, content)
    assert index.nbytes == 32 * len(known)


def test_rows_whose_key_cannot_be_read_are_left_out() -> None:
    index = KeyIndex()
    rows = digests([(1, 1, 1, True), (1, 1, 2, True)])
    assert not index.admit(rows, np.array([True, True]), np.array([True, False])).any()


def test_a_million_keys_take_32_bytes_each_and_few_runs() -> None:
    index, random = KeyIndex(), np.random.default_rng(7)
    for _ in range(16):
        words = random.integers(0, 2**64, (4, 65_536), dtype=np.uint64)
        rows = RowDigests(key=words[:2], content=words[2:])
        assert not index.admit(rows, np.ones(65_536, np.bool_), np.ones(65_536, np.bool_)).any()
    assert index.nbytes == 32 * 16 * 65_536
    assert index.admit(
        RowDigests(key=words[:2], content=words[2:] + np.uint64(1)), *[np.ones(65_536, np.bool_)] * 2
    ).all()


@given(st.lists(st.text(max_size=40) | st.sampled_from(["", "a" * 256, "a" * 257, "b" * 300]) | st.none(), max_size=20))
def test_equal_cells_have_equal_digests_and_different_ones_different(cells: list[str | None]) -> None:
    digester = Digester(COLUMNS, ("k",), SALT)
    keys = pa.array(cells, pa.utf8())
    rows = digester.rows([keys, pa.nulls(len(cells), pa.utf8())], len(cells))
    assert len({tuple(word) for word in rows.key.T.tolist()}) == len(set(cells))


@pytest.mark.parametrize(
    "pair",
    [
        pa.array(["", None]),
        pa.array(["a", "a\x00"]),
        pa.array(["a" * 8, "a" * 9]),
        pa.array([0, None], pa.int64()),
        pa.array([0, 1 << 63], pa.decimal128(20, 0)),
        pa.array([False, None]),
        pa.array([0, 1], pa.date32()),
    ],
)
def test_nearly_equal_cells_differ(pair: pa.Array) -> None:
    digester = Digester(COLUMNS, ("k",), SALT)
    rows = digester.rows([pair, pa.nulls(2, pa.utf8())], 2)
    assert (rows.key[:, 0] != rows.key[:, 1]).all()


def test_values_that_trade_places_between_columns_differ() -> None:
    digester = Digester((*COLUMNS, Column(name="w", type=FieldType.TEXT)), ("k",), SALT)
    rows = digester.rows([pa.array(["k", "k"]), pa.array(["a", "b"]), pa.array(["b", "a"])], 2)
    assert (rows.key[:, 0] == rows.key[:, 1]).all()
    assert (rows.content[:, 0] != rows.content[:, 1]).all()


def test_another_salt_gives_other_digests() -> None:
    cells = [pa.array(["110105"]), pa.array(["x"])]
    one, two = (Digester(COLUMNS, ("k",), salt).rows(cells, 1) for salt in (SALT, bytes(16)))
    assert (one.key != two.key).all() and (one.content != two.content).all()
