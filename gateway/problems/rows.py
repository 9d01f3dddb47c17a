"""The rows file beside a problem book: `r<revision>.rows`, which records its rows are, and what became of the earlier.

JSON, a line each: a head, one line for each problem row, one for each problem row of the revision before with what
became of it, and an end that proves the file whole. Owns this format. Must never hold a value in clear.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.errors import ProblemBookDamaged
from gateway.problems.followed import By, Cure, Fate, Outcome
from gateway.problems.marks import Mark, Marks
from gateway.records.problems import Problem, reason

_FORMAT = "yizhan-problem-rows/1"
_TAIL = 4096  # more than an end takes

Line = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ProblemRow:
    """One row that was set aside, with every reason.

    Attributes:
        before: where it stood in the revision before, if it was a problem row there and is known again.
    """

    position: str
    problems: tuple[Problem, ...]
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class PastRow:
    """A problem row of the revision before, and what became of it."""

    row: ProblemRow
    fate: Fate


@dataclass(frozen=True, kw_only=True)
class Head:
    """`at`: when the reading began. `salt`, `basis`: see `marks`. `previous`: the revision before, None for none."""

    at: datetime
    salt: bytes
    basis: str
    previous: int | None


class RowsWriter:
    """A rows file being written, in the order head, `own`, `past`, `finish`; leaves its file to its maker."""

    def __init__(self, path: Path, head: Head) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._rows = 0
        said = {"format": _FORMAT, "at": head.at.isoformat(), "salt": head.salt.hex(), "basis": head.basis}
        self._write({**said, "previous": head.previous})

    def own(self, marks: Marks) -> None:
        """Rows that were set aside."""
        for mark in marks.rows():
            self._rows += 1
            key, content = (digest.hex() if digest is not None else None for digest in (mark.key, mark.content))
            self._write({"position": mark.position, "key": key, "content": content})

    def past(self, row: ProblemRow, fate: Fate) -> None:
        """What became of a row of the revision before."""
        problems = [[one.field, one.code, one.masked] for one in row.problems]
        self._write({"was": row.position, "state": fate.state, "by": fate.by, "now": fate.now, "problems": problems})

    def finish(self, outcome: Outcome | None) -> None:
        """Write the end and force all of it to the disk."""
        counts = outcome and {
            "revision": outcome.revision,
            "cured": outcome.cured,
            "remaining": outcome.remaining,
            "gone": outcome.gone,
        }
        self._write({"rows": self._rows, "outcome": counts})
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()

    def close(self) -> None:
        """Let go; a second call does nothing."""
        self._file.close()

    def _write(self, line: Line) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def read_head(path: Path) -> Head:
    """Raises: ProblemBookDamaged."""
    with _whole(path), path.open(encoding="utf-8") as file:
        said = json.loads(file.readline())
        if said.pop("format") != _FORMAT:
            raise ProblemBookDamaged(path=path)
        at, salt = datetime.fromisoformat(said["at"]), bytes.fromhex(said["salt"])
        return Head(at=at, salt=salt, basis=said["basis"], previous=said["previous"])


def read_outcome(path: Path) -> Outcome | None:
    """What became of the revision before, counted; None where there was none. Raises: ProblemBookDamaged."""
    with _whole(path), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        counts = json.loads(file.read().splitlines()[-1])["outcome"]
        return counts and Outcome(**counts)


def read_marks(path: Path) -> Iterator[Mark]:
    """The marks of the book's own rows, in their order. Raises: ProblemBookDamaged: any line of the file."""
    with _whole(path):
        rows, end = 0, None
        for end in _lines(path):
            if "position" in end:
                rows += 1
                key, content = (bytes.fromhex(end[n]) if end[n] is not None else None for n in ("key", "content"))
                yield Mark(position=end["position"], key=key, content=content)
        if end is None or end["rows"] != rows:
            raise ProblemBookDamaged(path=path)


def read_past(path: Path) -> Iterator[PastRow]:
    """The rows of the revision before, in their order. Raises: ProblemBookDamaged."""
    with _whole(path):
        for line in _lines(path):
            if "was" in line:
                position = line["was"]
                problems = tuple(
                    Problem(position=position, field=field, reason=reason(code), masked=masked)
                    for field, code, masked in line["problems"]
                )
                fate = Fate(state=Cure(line["state"]), by=By(line["by"]), now=line["now"])
                yield PastRow(row=ProblemRow(position=position, problems=problems), fate=fate)


def _lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Whatever does not read as it was written is damage. Raises: ProblemBookDamaged."""
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise ProblemBookDamaged(path=path) from None
