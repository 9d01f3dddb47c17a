"""A contest: one source, read by its adapter and by the plain tool for that kind of source, turn by turn in one run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.reading import Read, read


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Attributes:
    name: what is read, in which way.
    plain: the plain tool's name, and `run`: one reading with it, to its end.
    wanted: the share of the plain tool's speed that the adapter must reach; None where none is set.
    source, secrets: the adapter's block, and the values of its `env:` references.
    titles: the source's own names of our columns, where they have others.
    """

    name: str
    rows: int
    plain: str
    run: Callable[[], None] = field(repr=False)
    wanted: float | None = None
    source: dict[str, Any] = field(repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    titles: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Result:
    """Medians of several turns; `peak` is the highest, in bytes."""

    contest: Contest
    ours: float
    plain: float
    peak: int

    @property
    def ratio(self) -> float:
        """Our speed as a share of the plain tool's."""
        return self.plain / self.ours

    def cells(self) -> tuple[str, ...]:
        """As the table shows it: MB are 10^6 bytes."""
        contest = self.contest
        return (
            contest.name, f"{contest.rows:,}", f"{self.ours:.2f}", f"{contest.rows / self.ours:,.0f}",
            f"{self.peak / 1e6:.0f}", contest.plain, f"{self.plain:.2f}", f"{self.ratio:.2f}",
            f"{contest.wanted:.2f}" if contest.wanted else "-",
        )  # fmt: skip


HEADINGS = ("source", "rows", "s", "rows/s", "peak MB", "plain tool", "s", "ratio", "wanted")


def hold(contest: Contest, turns: int) -> Result:
    """Turn by turn, so that a busy machine is busy for both. Exits if a row is missing."""
    readings, seconds = [], []
    for _ in range(turns):
        started = time.monotonic()
        contest.run()
        seconds.append(time.monotonic() - started)
        readings.append(_whole(contest))
    ours = statistics.median(one.seconds for one in readings)
    return Result(contest=contest, ours=ours, plain=statistics.median(seconds), peak=max(one.peak for one in readings))


def _whole(contest: Contest) -> Read:
    one = read(contest.source, contest.secrets, contest.titles)
    if one.rows != contest.rows:
        sys.exit(f"adapters.py: {contest.name}: {one.rows} rows of {contest.rows} arrived")
    return one
