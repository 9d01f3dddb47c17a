"""Problem books: the masked problem rows of each batch, kept where the department collects them.

One CSV file a batch, `problems/<feed>/<period>/r<revision>.csv`, in UTF-8 with a byte-order mark so that a spreadsheet
opens it readably. Owns these files and their columns. Must never see a value in clear: problems arrive masked.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from gateway.errors import OutputRefused
from gateway.records.problems import Problem, reason

HEADER = ("源位置 position", "字段 field", "代码 code", "原因 reason", "遮蔽值 masked")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class ProblemBooks:
    """All books below one directory."""

    root: Path

    def path(self, feed: str, period: str, revision: int) -> Path:
        """Where the book of a batch lies."""
        return self.root / feed / period / f"r{revision}.csv"

    def open(self, feed: str, period: str, revision: int) -> ProblemWriter:
        """Begin a book; it appears under its name only when it is kept."""
        return ProblemWriter(self.path(feed, period, revision))

    def latest(self, feed: str, period: str) -> Path | None:
        """The book of the highest revision, None when the period has none."""
        books = (self.root / feed / period).glob("r*.csv")
        return max(books, key=lambda book: int(book.stem[1:]), default=None)


class ProblemWriter:
    """One book being written: `add` as the checks find problems, then `keep`; leaving without `keep` drops it.

    What an earlier attempt at the same batch kept, which was never sealed, is gone as soon as the next one begins.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_suffix(".part")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._draft.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._file = self._draft.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(HEADER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            self._draft.unlink(missing_ok=True)

    def add(self, problems: Iterable[Problem]) -> None:
        """Write problems in the order given."""
        self._rows.writerows(map(_row, problems))

    def keep(self) -> Path:
        """Make the book durable under its name; one without rows too, or an earlier one would seem the newest."""
        if self._file is None:
            raise ValueError("the book is not open")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._draft.replace(self._path)
        return self._path


def hand_out(book: Path | None, to: Path) -> None:
    """Copy a book for somebody to take away; of a period without problem rows, a book with nothing but its heading.

    Raises:
        OutputRefused: not a `.csv`, or its directory does not take it.
    """
    if to.suffix.lower() != ".csv":
        raise OutputRefused(path=to)
    try:
        if book is not None:
            shutil.copyfile(book, to)
            return
        with to.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(HEADER)
    except OSError as error:
        raise OutputRefused(path=to) from error


def read(path: Path) -> Iterator[Problem]:
    """The problems of one book, in its order."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for position, field, code, _, masked in rows:
            yield Problem(position=position, field=field or None, reason=reason(code), masked=masked.removeprefix("'"))


def _row(problem: Problem) -> tuple[str, str, str, str, str]:
    return problem.position, problem.field or "", problem.code, problem.zh, _inert(problem.masked)


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
