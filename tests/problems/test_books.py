"""Books on a disk: one for every reading that is kept, with its outcome, without a value, and damage is named."""

from __future__ import annotations

import hashlib
import os
import re
from itertools import product
from pathlib import Path

import pytest

from gateway.errors import BookUnknown, ProblemBookDamaged
from gateway.problems import Outcome
from gateway.problems.marks import basis
from tests.problems.shop import AT, PEOPLE, PERIOD, Shop, fates, row

BAD = {"amount": "1,5"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(root=tmp_path)


def test_a_book_without_problem_rows_still_says_what_was_cured(shop: Shop) -> None:
    shop.book(1, [row(0, **BAD), row(1, **BAD)])
    book = shop.book(2, [row(0), row(1)])
    assert list(book.problems()) == []
    assert book.previous == Outcome(revision=1, cured=2, remaining=0, gone=0)
    assert book.at == AT


def test_the_outcome_of_each_revision_stays_answerable(shop: Shop) -> None:
    shop.book(1, [row(0, **BAD), row(1, **BAD)])
    shop.book(2, [row(0), row(1, **BAD)])
    shop.book(3, [row(0), row(1)])
    (shop.root / "problems" / shop.feed.id / PERIOD / "r1.csv").unlink()
    second, third = (shop.books.of(shop.feed.id, PERIOD, number) for number in (2, 3))
    assert second.previous == Outcome(revision=1, cured=1, remaining=1, gone=0)
    assert third.previous == Outcome(revision=2, cured=1, remaining=0, gone=0)
    (cured, _) = second.past()
    assert [(one.field, one.code, one.masked) for one in cured.row.problems] == [("amount", "YZ-3021", "1,5")]


def test_the_first_revision_and_one_whose_predecessor_is_away_compare_with_nothing(shop: Shop) -> None:
    assert shop.book(1, [row(0, **BAD)]).previous is None
    shop.books.of(shop.feed.id, PERIOD, 1).path.unlink()
    book = shop.book(2, [row(0)])
    assert (book.previous, fates(book)) == (None, [])


def test_a_book_of_an_earlier_version_is_compared_by_its_places(shop: Shop) -> None:
    shop.book(1, [row(0, **BAD), row(1, **BAD)]).beside.unlink()
    earlier = shop.books.latest(shop.feed.id, PERIOD)
    assert (earlier.at, earlier.previous, list(earlier.past())) == (None, None, [])
    book = shop.book(2, [row(0), row(1, **BAD)])
    assert fates(book) == [("1", "cured", "position", "1"), ("2", "remaining", "position", "2")]


def test_leaving_without_keeping_leaves_nothing_and_takes_an_unsealed_one_away(shop: Shop) -> None:
    kept = shop.book(1, [row(0, **BAD)])
    with shop.books.open(shop.feed, PERIOD, 1, previous=None, at=AT, entropy=os.urandom):
        assert (kept.path.exists(), kept.beside.exists()) == (False, False)
    assert list(kept.path.parent.iterdir()) == []
    assert shop.books.latest(shop.feed.id, PERIOD) is None


def test_a_rows_file_that_a_crash_left_without_its_book_is_no_book(shop: Shop) -> None:
    book = shop.book(1, [row(0, **BAD)])
    book.path.unlink()
    assert shop.books.latest(shop.feed.id, PERIOD) is None
    again = shop.book(1, [row(1, **BAD), row(2, **BAD)])
    assert [one.position for one in again.rows()] == ["1", "2"]
    assert fates(shop.book(2, [row(1), row(2)])) == [("1", "cured", "key", None), ("2", "cured", "key", None)]


def test_a_revision_without_a_book_is_refused_and_the_newest_named(shop: Shop) -> None:
    for newest in ("-", "r1"):
        with pytest.raises(BookUnknown) as refused:
            shop.books.of(shop.feed.id, PERIOD, 2)
        assert refused.value.facts == {"feed": shop.feed.id, "period": PERIOD, "revision": 2, "newest": newest}
        shop.book(1, [])


def test_no_file_holds_a_value_or_what_can_be_tried_out(shop: Shop) -> None:
    rows = [row(0, **BAD), row(1, name=""), row("430482199111047046")]
    shop.book(1, rows)
    shop.book(2, rows)
    files = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()}
    assert sorted(path.name for path in files) == ["problems.secret", "r1.csv", "r1.rows", "r2.csv", "r2.rows"]
    numbers = [*PEOPLE[:2], "430482199111047046", "王芳"]
    hashes = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s", "sha3_256")
    for number, name in product(numbers, hashes):
        digest = hashlib.new(name, number.encode()).digest()
        for content in files.values():
            assert number.encode() not in content
            assert digest[:8].hex().encode() not in content
            assert digest[:8] not in content


def test_two_books_show_nothing_in_common_though_their_rows_are_the_same(shop: Shop) -> None:
    digests = []
    for revision in (1, 2):
        book = shop.book(revision, [row(0, **BAD), row(1, **BAD)])
        digests += re.findall(r"[0-9a-f]{32}", book.beside.read_text())
    shared = basis(shop.feed, shop.books.secret.read_bytes())
    assert digests.count(shared) == 2
    assert len(set(digests)) == 1 + 2 + 2 * 4  # what tells that they compare, two salts, a key and a content each row


def test_nobody_else_may_read_the_secret_and_it_is_made_once(shop: Shop) -> None:
    shop.book(1, [])
    made = shop.books.secret.read_bytes()
    shop.book(2, [])
    assert (len(made), shop.books.secret.read_bytes()) == (32, made)
    assert shop.books.secret.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:1] + lines[2:],
        lambda lines: [lines[0].replace("problem-rows/1", "problem-rows/2"), *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:-4]],
        lambda lines: [lines[0], lines[1].replace('"key":"', '"key":"x'), *lines[2:]],
        lambda lines: [],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    ],
    ids=["no end", "a row away", "another format", "cut", "no digest", "empty", "rows in another order"],
)  # fmt: skip
def test_a_damaged_rows_file_is_named_and_moved_away_no_longer_in_the_way(shop: Shop, damage) -> None:
    book = shop.book(1, [row(0, **BAD), row(1, **BAD)])
    lines = book.beside.read_text().splitlines(keepends=True)
    book.beside.write_text("".join(damage(lines)))
    with pytest.raises(ProblemBookDamaged) as refused:
        shop.book(2, [row(0)])
    assert refused.value.facts["path"] == book.beside
    book.beside.unlink()
    assert fates(shop.book(2, [row(0)]))[0] == ("1", "cured", "position", "1")


@pytest.mark.parametrize("line", ["1,amount,YZ-9999,x,y", "1,amount", "1,amount,YZ-3021,x,y,z"])
def test_a_damaged_book_is_named(shop: Shop, line: str) -> None:
    book = shop.book(1, [row(0, **BAD)])
    book.path.write_text(book.path.read_text() + line + "\r\n")
    with pytest.raises(ProblemBookDamaged) as refused:
        list(book.problems())
    assert refused.value.facts["path"] == book.path
