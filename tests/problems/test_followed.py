"""What became of the problem rows of the revision before: never a cure without evidence, whatever moved meanwhile."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.tree import Field
from gateway.problems import Outcome
from gateway.records.types import FieldType
from tests.problems.shop import FIELDS, PEOPLE, Shop, fates, feed, row

BAD, WORSE = {"amount": "1,5"}, {"amount": "lots"}
SPOILT = "430482199111047046"
"""A number with a wrong check digit: no key can be read."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(root=tmp_path)


@pytest.mark.parametrize("cut", [1, 2, 1000])
def test_cured_remaining_and_gone_are_told_apart_by_key_though_every_row_moved(shop: Shop, cut: int) -> None:
    shop.book(1, [row(0, **BAD), row(1, **BAD), row(2, **BAD), row(3)], cut=cut)
    book = shop.book(2, [row(4), row(3), row(1, **WORSE), row(0)], cut=cut)
    assert fates(book) == [
        ("1", "cured", "key", None), ("2", "remaining", "key", "3"), ("3", "gone", "key", None),
    ]  # fmt: skip
    assert book.previous == Outcome(revision=1, cured=1, remaining=1, gone=1)
    assert [(one.position, one.before) for one in book.rows()] == [("3", "2")]


def test_a_number_written_with_another_x_is_the_same_record(shop: Shop) -> None:
    shop.book(1, [row(0, **BAD)])
    assert fates(shop.book(2, [row(PEOPLE[0].lower())])) == [("1", "cured", "key", None)]


def test_a_record_that_is_good_once_and_bad_once_is_not_cured(shop: Shop) -> None:
    shop.book(1, [row(0), row(0, name="李强")])
    for revision, rows in ((2, [row(0), row(0, name="李强")]), (3, [row(0, **BAD), row(0, name="李强")])):
        book = shop.book(revision, rows)
        assert {state for _, state, _, _ in fates(book)} == {"remaining"}


def test_every_problem_row_of_one_key_has_the_same_fate(shop: Shop) -> None:
    shop.book(1, [row(0, **BAD), row(0, **WORSE), row(1, **BAD)])
    assert [state for _, state, _, _ in fates(shop.book(2, [row(1, **BAD), row(0)]))] == ["cured", "cured", "remaining"]


def test_a_row_without_a_readable_key_that_was_left_as_it_was_is_known_by_its_cells_wherever_it_stands(
    shop: Shop,
) -> None:
    shop.book(1, [row(SPOILT), row(1)])
    book = shop.book(2, [row(2), row(3), row(SPOILT)])
    assert fates(book) == [("1", "remaining", "content", "3")]
    assert [(one.position, one.before) for one in book.rows()] == [("3", "1")]


def test_a_row_without_a_readable_key_is_judged_by_its_place_while_nothing_moved(shop: Shop) -> None:
    shop.book(1, [row(SPOILT), row(SPOILT, name="李强"), row(SPOILT, name="赵敏"), row(3, **BAD)])
    book = shop.book(2, [row(1), row(SPOILT, name="李明"), row(3, **BAD)], places=["1", "2", "4"])
    assert fates(book) == [
        ("1", "cured", "position", "1"), ("2", "remaining", "position", "2"), ("3", "gone", "position", None),
        ("4", "remaining", "key", "4"),
    ]  # fmt: skip


@pytest.mark.parametrize("other", [row(3, **BAD), row(3)], ids=["a bad one", "a good one"])
def test_once_rows_have_moved_a_place_proves_nothing(shop: Shop, other: dict[str, str]) -> None:
    shop.book(1, [row(SPOILT), row(3, **BAD)])
    book = shop.book(2, [row(2), row(4), other])
    assert fates(book)[0] == ("1", "gone", "position", None)


def test_a_row_whose_key_was_spoilt_since_still_is_a_problem(shop: Shop) -> None:
    shop.book(1, [row(1, **BAD), row(2)])
    assert fates(shop.book(2, [row(SPOILT, **BAD), row(2)])) == [("1", "remaining", "position", "1")]


def test_two_keys_that_can_be_read_are_two_records_though_they_stand_in_one_place(shop: Shop) -> None:
    shop.book(1, [row(1, **BAD)])
    assert fates(shop.book(2, [row(2, **BAD)])) == [("1", "gone", "key", None)]


def test_rows_that_could_not_be_read_at_all_have_nothing_but_their_places(shop: Shop) -> None:
    torn = {"_fault": "layout"}
    shop.book(1, [torn, torn])
    assert fates(shop.book(2, [row(0), torn])) == [
        ("1", "cured", "position", "1"), ("2", "remaining", "position", "2"),
    ]  # fmt: skip


def test_a_feed_without_a_key_is_followed_by_cells_and_places(tmp_path: Path) -> None:
    shop = Shop(root=tmp_path, feed=feed(key=()))
    shop.book(1, [row(0, **BAD), row(1, **BAD)])
    assert fates(shop.book(2, [row(0), row(1, **BAD)])) == [
        ("1", "cured", "position", "1"), ("2", "remaining", "content", "2"),
    ]  # fmt: skip


def test_where_secret_or_key_have_changed_places_alone_are_compared(tmp_path: Path) -> None:
    other = (*FIELDS, Field(name="household", title="户", type=FieldType.CODE))
    for name, change in (("secret", {}), ("key", {"key": ("id_number", "name")})):
        shop = Shop(root=tmp_path / name)
        shop.root.mkdir()
        shop.book(1, [row(0, **BAD), row(1, **BAD)])
        if name == "secret":
            shop.books.secret.unlink()
        book = Shop(root=shop.root, feed=feed(**change)).book(2, [row(0), row(1, **BAD)])
        assert fates(book) == [("1", "cured", "position", "1"), ("2", "remaining", "position", "2")]
    wider = Shop(root=tmp_path, feed=feed(fields=other))
    Shop(root=tmp_path).book(1, [row(0, **BAD)])
    assert fates(wider.book(2, [row(0)])) == [("1", "cured", "key", None)]


STATES = st.sampled_from(["good", "bad", "absent"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(STATES, STATES), min_size=1, max_size=5), st.randoms(use_true_random=False), st.integers(1, 6)
)
def test_whatever_the_order_a_readable_key_is_enough(lives: list[tuple[str, str]], chance, cut: int) -> None:
    def read(which: int) -> list[tuple[int, str]]:
        held = [(person, life[which]) for person, life in enumerate(lives) if life[which] != "absent"]
        chance.shuffle(held)
        return held

    def rows(held: list[tuple[int, str]]) -> list[dict[str, str]]:
        return [row(person, **(BAD if state == "bad" else {})) for person, state in held]

    with TemporaryDirectory() as root:
        shop = Shop(root=Path(root))
        before, after = read(0), read(1)
        shop.book(1, rows(before), cut=cut)
        told = fates(shop.book(2, rows(after), cut=cut))
    expected = {"good": "cured", "bad": "remaining", "absent": "gone"}
    bad = [(place, person) for place, (person, state) in enumerate(before, 1) if state == "bad"]
    assert [(place, state) for place, state, _, _ in told] == [(str(p), expected[lives[who][1]]) for p, who in bad]
