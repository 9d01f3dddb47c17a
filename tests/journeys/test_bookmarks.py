"""An increment is read from where the last batch that arrived ended; late rows are found all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.library import CURSOR, Department, found_library, rewrite
from tests.journeys.world import FEED, outside

FIRST, SECOND, THIRD = "2001Q1", "2001Q2", "2001Q3"


@pytest.fixture
def department(tmp_path: Path, hatchery: Hatchery) -> Iterator[Department]:
    """A county of its own: where a reading starts depends on everything that was read before."""
    made = found_library(tmp_path, hatchery, CURSOR)
    made.world.serve()
    yield made
    made.world.stop()


Run = Callable[..., Any]


@pytest.fixture
def run(department: Department) -> Run:
    """Run a period to its receipt; the rows that were read, None where nothing was."""

    def once(period: str, *more: str) -> int | None:
        ended = department.world.yizhan("run", "--period", period, "--json", *more)
        assert ended.code == 0, ended.err
        return json.loads(ended.out)["collected"][0]["rows"]

    return once


def seal(department: Department, period: str) -> Path:
    """Collect a period and deliver nothing."""
    site = department.world.front_end
    assert department.world.yizhan("run", "--period", period, killed="call:gateway.deliver:drain:1").code == -9
    (entry,) = (site / "spool" / "ready").iterdir()
    return entry


def delivered(department: Department, batch: str) -> tuple[int, int, int]:
    """Loaded, problem and duplicate rows of a receipted batch, out of the ledger."""
    ended = department.world.yizhan("ledger", "show", f"{FEED}/{batch}", "--json")
    (line,) = [one for one in json.loads(ended.out)["lines"] if one["event"] == "receipted"]
    said = line["detail"] if isinstance(line["detail"], dict) else json.loads(line["detail"])
    return said["rows"], said["problem"], said["duplicate"]


def test_the_next_period_starts_where_the_last_receipted_one_ended(department: Department, run: Run) -> None:
    department.add("a", at="2026-09-01 08:00:00")
    department.add("b", at="2026-10-01 08:00:00")
    assert run(FIRST) == 2
    department.add("c", at="2026-10-20 08:00:00")
    assert run(SECOND) == 2  # c, and b once more: it lies within the three days
    department.add("d", at="2026-11-10 08:00:00")
    assert run(THIRD) == 2  # d, and c once more
    assert "d" in department.held(THIRD)


def test_a_late_row_with_an_older_time_is_picked_up(department: Department, run: Run) -> None:
    department.add("a", at="2026-10-10 08:00:00")
    run(FIRST)
    department.add("late", at="2026-10-08 00:00:00")
    run(SECOND)
    assert "late" in department.held(SECOND)


def test_what_never_arrived_is_read_again(department: Department, run: Run) -> None:
    department.add("a", at="2026-09-01 08:00:00")
    seal(department, FIRST)
    department.add("b", at="2026-10-20 08:00:00")
    assert run(SECOND) == 2
    department.add("c", at="2026-11-20 08:00:00")
    assert run(THIRD) == 2  # c, and b once more


def test_a_rerun_reads_the_window_of_its_first_revision_and_unchanged_rows_are_duplicates(
    department: Department, run: Run
) -> None:
    department.add("old", at="2026-08-01 08:00:00")
    run(FIRST)
    department.add("a", at="2026-10-01 08:00:00")
    department.add("b", at="2026-10-02 08:00:00")
    assert run(SECOND) == 3  # from three days before "old", whose period it is not
    assert run(SECOND) is None  # nothing changed
    department.add("late", at="2026-07-30 08:00:00")
    department.add("settled", at="2026-07-01 08:00:00")
    assert run(SECOND, "--reason", "补报", "--by", "p001") == 4
    assert delivered(department, f"{SECOND}/r2") == (1, 0, 3)
    assert set(department.held(SECOND)) - {"old"} == {"a", "b", "late"}


def test_from_start_ignores_the_bookmark(department: Department, run: Run) -> None:
    department.add("a", at="2026-01-01 08:00:00")
    department.add("b", at="2026-10-01 08:00:00")
    run(FIRST)
    department.add("c", at="2026-10-20 08:00:00")
    assert run(SECOND, "--from-start") == 3


def test_a_source_clock_that_jumps_ahead_hides_no_later_row(department: Department, run: Run) -> None:
    department.add("a", at="2026-10-01 08:00:00")
    department.add("mad", at="2099-01-01 00:00:00")
    run(FIRST)
    (kept,) = (department.world.front_end / "bookmarks" / FEED).glob("*.json")
    assert json.loads(kept.read_text())["end"] < "2099"
    with outside(department.path) as database:  # the day after, by the clock of the machine that runs this
        department_now = database.execute("SELECT datetime('now', '+8 hours', '-1 hour')").fetchone()[0]
    department.add("b", at=department_now)
    run(SECOND)
    assert "b" in department.held(SECOND)


def test_a_source_clock_that_was_put_back_does_not_move_the_bookmark_back(department: Department, run: Run) -> None:
    department.add("a", at="2026-10-10 08:00:00")
    run(FIRST)
    with outside(department.path) as database:
        database.execute("DELETE FROM qzk_pz")
    department.add("b", at="2026-10-09 08:00:00")
    run(SECOND)
    ends = {path.name.split("_")[2]: json.loads(path.read_text())["end"]
            for path in (department.world.front_end / "bookmarks" / FEED).glob("*.json")}  # fmt: skip
    assert set(ends.values()) == {"2026-10-10 08:00:00"}


def test_a_batch_that_was_refused_for_good_leaves_its_window_to_the_next(department: Department, run: Run) -> None:
    department.add("a", at="2026-10-01 08:00:00")
    world, entry = department.world, seal(department, FIRST)
    entry.rename(world.front_end / "spool" / "dead" / entry.name)
    department.add("b", at="2026-11-01 08:00:00")
    assert run(SECOND) == 2


def test_a_snapshot_keeps_no_bookmark_and_reads_everything(department: Department, run: Run) -> None:
    rewrite(department.world.front_end, CURSOR, mode="snapshot")
    department.add("a", at="2026-10-01 08:00:00")
    assert run(FIRST) == 1
    department.add("b", at="2026-11-01 08:00:00")
    assert run(SECOND) == 2
    assert list((department.world.front_end / "bookmarks").glob("*/*")) == []


def test_overlap_rows_that_did_not_change_are_duplicates_in_the_next_period_and_changed_ones_are_loaded(
    department: Department, run: Run
) -> None:
    for guid in ("a", "b", "c"):
        department.add(guid, at="2026-10-01 08:00:00")
    run(FIRST)
    department.change("b", 150, at="2026-10-01 09:00:00")
    department.add("late", at="2026-09-29 08:00:00")
    assert run(SECOND) == 4
    assert delivered(department, f"{SECOND}/r1") == (2, 0, 2)
    assert department.held(SECOND) == {"b": 150, "late": 100}
    department.change("b", 100, at="2026-10-01 10:00:00")  # back to what the first period has
    assert run(THIRD) == 4
    assert delivered(department, f"{THIRD}/r1") == (1, 0, 3)
    assert department.held(THIRD) == {"b": 100}
    department.world.sound()
