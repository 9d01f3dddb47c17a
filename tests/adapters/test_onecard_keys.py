"""Keys and amounts of one-card payments: what may match matches, and nothing else does."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.onecard.keys import Digester
from adapters.onecard.money import amounts
from gateway.records.types import Unit

DIGESTER = Digester(b"0123456789abcdef")
texts = st.lists(st.tuples(st.text(max_size=20) | st.none(), st.text(max_size=20) | st.none()), min_size=1, max_size=30)


def columns(rows: list[tuple[str | None, str | None]]) -> list[pa.Array]:
    return [pa.array([row[part] for row in rows], pa.utf8()) for part in (0, 1)]


@given(texts)
def test_digests_agree_exactly_where_the_keys_do(rows: list[tuple[str | None, str | None]]) -> None:
    keys = DIGESTER.keys(columns(rows))
    assert keys.whole.tolist() == [bool(a) and bool(b) for a, b in rows]
    upper = [(a or "", b or "") for a, b in zip(*(c.to_pylist() for c in _upper(columns(rows))), strict=True)]
    pairs = [tuple(pair) for pair in keys.digests.T.tolist()]
    for at in np.flatnonzero(keys.whole).tolist():
        for other in np.flatnonzero(keys.whole).tolist():
            assert (pairs[at] == pairs[other]) == (upper[at] == upper[other])
    assert [one != 0 for one in keys.short.tolist()] == keys.whole.tolist()


def _upper(given_columns: list[pa.Array]) -> list[pa.Array]:
    """ASCII alone: a Greek or Cyrillic letter is never the Latin one that it looks like."""
    table = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
    return [
        pa.array([None if t is None else t.translate(table) for t in c.to_pylist()], pa.utf8()) for c in given_columns
    ]


@given(texts, st.integers(0, 5))
def test_a_slice_has_the_digests_of_its_rows(rows: list[tuple[str | None, str | None]], start: int) -> None:
    whole, part = (DIGESTER.keys([c.slice(at) for c in columns(rows)]) if at < len(rows) else None for at in (0, start))
    if whole is not None and part is not None:
        assert whole.digests[:, start:][:, part.whole].tolist() == part.digests[:, part.whole].tolist()


def test_leading_zeros_matter_unless_a_layout_says_that_they_do_not() -> None:
    one, other = ([pa.array(["B1"]), pa.array([serial])] for serial in ("12", "0012"))
    assert DIGESTER.keys(one).digests.tolist() != DIGESTER.keys(other).digests.tolist()
    folded = [DIGESTER.keys(key, (False, True)).digests.tolist() for key in (one, other)]
    assert folded[0] == folded[1]
    zero = DIGESTER.keys([pa.array(["0", "000", ""])], (True,))
    assert zero.whole.tolist() == [True, True, False]


def test_the_same_text_in_another_place_is_another_key() -> None:
    keys = DIGESTER.keys([pa.array(["ab", "a", ""]), pa.array(["c", "bc", "abc"])])
    assert len(set(map(tuple, keys.digests.T.tolist()))) == 3


def test_another_salt_gives_other_digests_and_a_short_one_is_refused() -> None:
    key = [pa.array(["430482199001010016"])]
    assert DIGESTER.keys(key).digests.tolist() != Digester(b"another salt, 16").keys(key).digests.tolist()
    with pytest.raises(ValueError, match="16"):
        Digester(b"short")


def test_a_text_too_long_to_be_a_key_matches_nothing() -> None:
    assert DIGESTER.keys([pa.array(["x" * 256, "x" * 257])]).whole.tolist() == [True, False]


@given(st.lists(st.integers(-(10**13) + 1, 10**13 - 1), max_size=30), st.sampled_from(Unit))
def test_every_amount_in_its_unit_is_exact_fen_as_text_and_as_a_number(fen: list[int], unit: Unit) -> None:
    places = {Unit.FEN: 0, Unit.YUAN: 2, Unit.WAN_YUAN: 6}[unit]
    exact = [Decimal(one).scaleb(-places) for one in fen]
    for column in (
        pa.array([format(one, "f") for one in exact], pa.utf8()),
        pa.array(exact, pa.decimal128(20, 6)),
    ):
        read = amounts(column, unit)
        assert read.readable.all()
        assert read.fen.tolist() == fen


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " 1.00",
        "1,000.00",
        "1.005",
        "1e2",
        "+1.00",
        "１.00",
        "-",
        "1.",
        ".5",
        "NaN",
        "99999999999999.00",
        "万",
    ],
)
def test_what_is_not_exactly_a_number_of_fen_is_not_readable_and_counts_nothing(text: str | None) -> None:
    read = amounts(pa.array([text, "1.00"], pa.utf8()), Unit.YUAN)
    assert (read.readable.tolist(), read.fen.tolist()) == ([False, True], [0, 100])


def test_a_slice_of_amounts_is_its_own() -> None:
    assert amounts(pa.array(["1", "2", "3"]).slice(1), Unit.YUAN).fen.tolist() == [200, 300]
    assert amounts(pa.array([], pa.utf8()), Unit.YUAN).fen.tolist() == []
