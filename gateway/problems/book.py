"""A problem book that was kept: its problems, row by row, and what became of those of the revision before.

`r<revision>.csv`, a line each reason, in UTF-8 with a byte-order mark so that a spreadsheet opens it readably; beside
it `r<revision>.rows`. Owns the columns of the first. Must never change a book.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from gateway.errors import OutputRefused, ProblemBookDamaged
from gateway.problems.followed import Cure, Outcome
from gateway.problems.rows import Head, PastRow, ProblemRow, read_head, read_outcome, read_past
from gateway.records.problems import Problem, reason

HEADER = ("源位置 position", "字段 field", "代码 code", "原因 reason", "遮蔽值 masked")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Book:
    """One book; `path` is that of its `.csv`."""

    path: Path

    @property
    def revision(self) -> int:
        """Which of the period's it is."""
        return int(self.path.stem[1:])

    @property
    def beside(self) -> Path:
        """Its rows file; absent beside a book that an earlier version of this program kept."""
        return self.path.with_suffix(".rows")

    @property
    def head(self) -> Head | None:
        """Raises: ProblemBookDamaged."""
        return read_head(self.beside) if self.beside.exists() else None

    @property
    def at(self) -> datetime | None:
        """When its reading began, if that is known. Raises: ProblemBookDamaged."""
        return self.head.at if self.head else None

    @property
    def previous(self) -> Outcome | None:
        """What became of the problem rows of the revision before; None where there is none to compare with.

        Raises:
            ProblemBookDamaged
        """
        return read_outcome(self.beside) if self.beside.exists() else None

    def problems(self) -> Iterator[Problem]:
        """Every reason, in the book's order. Raises: ProblemBookDamaged."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            try:
                next(rows, None)
                yield from map(_problem, rows)
            except (ValueError, KeyError, csv.Error):
                raise ProblemBookDamaged(path=self.path) from None

    def rows(self) -> Iterator[ProblemRow]:
        """The same by row. Raises: ProblemBookDamaged."""
        remaining = (one for one in self.past() if one.fate.state is Cure.REMAINING)
        before = {one.fate.now: one.row.position for one in remaining}
        for position, problems in groupby(self.problems(), key=lambda one: one.position):
            yield ProblemRow(position=position, problems=tuple(problems), before=before.get(position))

    def past(self) -> Iterator[PastRow]:
        """Each problem row of the revision before. Raises: ProblemBookDamaged."""
        return read_past(self.beside) if self.beside.exists() else iter(())


def hand_out(book: Book | None, to: Path) -> None:
    """Copy a book for somebody to take away; of a period without one, nothing but its heading.

    Raises:
        OutputRefused: not a `.csv`, or its directory does not take it.
    """
    if to.suffix.lower() != ".csv":
        raise OutputRefused(path=to)
    try:
        if book is not None:
            shutil.copyfile(book.path, to)
            return
        with to.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(HEADER)
    except OSError as error:
        raise OutputRefused(path=to) from error


def line(problem: Problem) -> tuple[str, str, str, str, str]:
    """A problem as the book has it."""
    return problem.position, problem.field or "", problem.code, problem.zh, _inert(problem.masked)


def _problem(cells: list[str]) -> Problem:
    position, field, code, _, masked = cells
    return Problem(position=position, field=field or None, reason=reason(code), masked=masked.removeprefix("'"))


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
