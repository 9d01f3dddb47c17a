"""Bookmarks are durable whole or not at all, private, and swept where no batch is theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.bookmarks import Bookmark, Bookmarks
from gateway.errors import BookmarkDamaged
from tests.bookmarks.shelves import COLUMNS, FEED, batch, entry, keep, shelf, verdicts


@pytest.fixture
def books(tmp_path: Path) -> Bookmarks:
    return shelf(tmp_path)


def files(books: Bookmarks) -> list[str]:
    return sorted(path.suffix for path in (books.root / FEED).iterdir())


@pytest.mark.parametrize("cursor", [None, "", "2026-10-01 08:00:00", "“引号”\n"])
def test_a_bookmark_is_read_back_as_it_was_kept(books: Bookmarks, cursor: str | None) -> None:
    kept = books.keep(entry(1), start=cursor, end="x", rows=None)
    assert books.of(FEED) == (kept,)
    assert kept == Bookmark(name=entry(1), start=cursor, end="x", rows=None)
    assert books.awaiting(FEED) == ()


def test_what_is_forgotten_keeps_its_cursors(books: Bookmarks) -> None:
    keep(books, 1, {1: ("甲", 1)})
    assert [one.name for one in books.awaiting(FEED)] == [entry(1)]
    books.forget_rows(entry(1))
    books.forget_rows(entry(1))
    assert (books.awaiting(FEED), files(books)) == ((), [".json"])
    assert [one.name for one in books.of(FEED)] == [entry(1)]


def test_a_draft_that_was_never_kept_leaves_nothing(books: Bookmarks) -> None:
    with books.begin(FEED, COLUMNS, os.urandom) as writer:
        writer.add(batch({1: ("甲", 1)}), ())
        assert files(books) == [".part"]
    assert files(books) == []


def test_a_sweep_removes_what_belongs_to_no_batch_and_nothing_else(books: Bookmarks) -> None:
    keep(books, 1, {1: ("甲", 1)})
    keep(books, 2, {2: ("乙", 2)})
    (books.root / FEED / "0123456789abcdef.part").write_bytes(b"cut off")
    books.sweep(FEED, {entry(1).mark})
    assert [one.name for one in books.of(FEED)] == [entry(1)]
    assert files(books) == [".json", ".rows"]


def test_everything_is_private_and_the_secret_is_made_once(books: Bookmarks) -> None:
    keep(books, 1, {1: ("甲", 1)})
    secret = books.secret.read_bytes()
    keep(books, 2, {1: ("甲", 1)})
    assert (books.secret.read_bytes(), len(secret)) == (secret, 32)
    paths = [books.secret, books.root, *books.root.rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"format":"yizhan-bookmark/2","start":null,"end":null,"rows":null}',
                b'{"format":"yizhan-bookmark/1","start":null,"end":null,"rows":{"count":1}}',
                b'{"format":"yizhan-bookmark/1","start":null,"end":null,"rows":null,"more":1}'],
)  # fmt: skip
def test_a_file_that_is_no_bookmark_is_named(books: Bookmarks, content: bytes) -> None:
    books.keep(entry(1), start=None, end="x", rows=None)
    (books.root / FEED / f"{entry(1)}.json").write_bytes(content)
    with pytest.raises(BookmarkDamaged, match=str(entry(1))):
        books.of(FEED)


@pytest.mark.parametrize("damage", ["cut", "changed", "secret gone"])
def test_digests_that_are_not_what_was_kept_give_no_verdict(books: Bookmarks, damage: str) -> None:
    keep(books, 1, {1: ("甲", 1), 2: ("乙", 2)})
    path = books.root / FEED / f"{entry(1)}.rows"
    content = path.read_bytes()
    if damage == "secret gone":
        books.secret.unlink()
    else:
        path.write_bytes(content[:-34] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(BookmarkDamaged):
        verdicts(books, 1)


def test_one_at_a_time_collects_a_feed_or_speaks_of_it(books: Bookmarks) -> None:
    with books.alone(FEED):
        assert books.try_alone(FEED) is None
        other = books.try_alone("agri.other")
        assert other is not None
        other.release()
    again = books.try_alone(FEED)
    assert again is not None
    again.release()
