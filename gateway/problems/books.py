"""All problem books of a site, and one being written.

Owns the places of their files, the secret of their digests, and the order in which they become durable: the rows file
first, then the book, which is there when its name is. Must never see a value in clear but to digest it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from gateway.catalogue import Feed
from gateway.errors import BookUnknown, ProblemBookDamaged
from gateway.problems.book import HEADER, Book, line
from gateway.problems.followed import Followed, Outcome
from gateway.problems.marks import SALT_BYTES, SECRET_BYTES, Marker, Marks, basis
from gateway.problems.rows import Head, RowsWriter, read_marks
from gateway.records.check import Checked
from gateway.spool.disk import door, made_once, sync

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, kw_only=True)
class ProblemBooks:
    """All books below one directory: `<feed>/<period>/r<revision>.csv`, with `r<revision>.rows` beside it.

    Attributes:
        secret: the file with the secret of the digests, among the site's private keys; made when first needed.
    """

    root: Path
    secret: Path

    def open(
        self, feed: Feed, period: str, revision: int, *, previous: int | None, at: datetime, entropy: Entropy
    ) -> ProblemWriter:
        """Begin a book; it appears under its name only when it is kept.

        Args:
            previous: the revision sealed before, whose problem rows are to be followed; None for the first.
            at: now.
        """
        earlier = self._book(feed.id, period, previous) if previous is not None else None
        return ProblemWriter(
            self._path(feed.id, period, revision),
            feed=feed,
            earlier=earlier,
            at=at,
            secret=self.secret,
            entropy=entropy,
        )

    def latest(self, feed: str, period: str) -> Book | None:
        """The book of the highest revision, None when the period has none."""
        books = (Book(path=path) for path in (self.root / feed / period).glob("r*.csv"))
        return max(books, key=lambda book: book.revision, default=None)

    def of(self, feed: str, period: str, revision: int) -> Book:
        """The book of one revision. Raises: BookUnknown."""
        book = self._book(feed, period, revision)
        if book is None:
            newest = self.latest(feed, period)
            raise BookUnknown(
                feed=feed, period=period, revision=revision, newest=f"r{newest.revision}" if newest else "-"
            )
        return book

    def _path(self, feed: str, period: str, revision: int) -> Path:
        return self.root / feed / period / f"r{revision}.csv"

    def _book(self, feed: str, period: str, revision: int) -> Book | None:
        book = Book(path=self._path(feed, period, revision))
        return book if book.path.exists() else None


class ProblemWriter:
    """One book being written: `add` batch by batch, then `keep`; leaving without `keep` drops it.

    What an earlier attempt at the same batch kept, which was never sealed, is gone as soon as the next one begins.
    Every call may raise SpoolFull or SpoolUnavailable when the file system refuses.
    """

    def __init__(
        self, path: Path, *, feed: Feed, earlier: Book | None, at: datetime, secret: Path, entropy: Entropy
    ) -> None:
        self._book = Book(path=path)
        self._drafts = path.with_suffix(".part"), path.with_suffix(".rows.part")
        self._feed, self._earlier, self._at = feed, earlier, at
        self._secret, self._entropy = secret, entropy

    def __enter__(self) -> Self:
        with door("新建问题数据", "begin a problem book"):
            self._book.path.parent.mkdir(parents=True, exist_ok=True)
            for old in (self._book.path, self._book.beside):
                old.unlink(missing_ok=True)
            secret = made_once(self._secret, lambda: self._entropy(SECRET_BYTES))
            self._followed = follow(self._earlier, self._feed, secret) if self._earlier else None
            salt = self._entropy(SALT_BYTES)
            self._marker = Marker(self._feed, secret, salt)
            previous = self._earlier.revision if self._earlier else None
            head = Head(at=self._at, salt=salt, basis=basis(self._feed, secret), previous=previous)
            self._rows = RowsWriter(self._drafts[1], head)
            self._file = self._drafts[0].open("w", encoding="utf-8-sig", newline="")
            self._lines = csv.writer(self._file)
            self._lines.writerow(HEADER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._rows.close()
        self._file.close()
        for draft in self._drafts:
            draft.unlink(missing_ok=True)

    def add(self, batch: pa.RecordBatch, checked: Checked) -> None:
        """Write the problems of a batch, in the order given, and look in it for those of the revision before."""
        with door("写问题数据", "write the problem book"):
            self._lines.writerows(map(line, checked.problems))
            if self._followed is not None:
                self._followed.meet(batch, checked)
            if checked.aside.any():
                self._rows.own(self._marker.marks(batch.filter(pa.array(checked.aside))))

    def keep(self) -> Path:
        """Make the book durable under its name; one without rows too, or an earlier one would seem the newest."""
        with door("保存问题数据", "keep the problem book"):
            self._rows.finish(self._write_past())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._drafts[1].replace(self._book.beside)
            self._drafts[0].replace(self._book.path)
            sync(self._book.path.parent)
        return self._book.path

    def _write_past(self) -> Outcome | None:
        if self._earlier is None or self._followed is None:
            return None
        for row, fate in zip(self._earlier.rows(), self._followed.fates(), strict=True):
            self._rows.past(row, fate)
        return self._followed.outcome(self._earlier.revision)


def follow(earlier: Book, feed: Feed, secret: bytes) -> Followed:
    """The rows of a book, to be followed: by their places alone where its digests are of another secret or key.

    Raises:
        ProblemBookDamaged
    """
    places = tuple(row.position for row in earlier.rows())
    head = earlier.head
    if head is None or head.basis != basis(feed, secret):
        return Followed(Marks.places(places), None)
    marks = Marks.of(next(same) for _, same in groupby(read_marks(earlier.beside), key=lambda mark: mark.position))
    if marks.positions != places:
        raise ProblemBookDamaged(path=earlier.beside)
    return Followed(marks, Marker(feed, secret, head.salt))
