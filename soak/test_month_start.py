"""A month's start on one small machine: 140 feeds, twenty of them with a reviewer, all due at the same moment.

Real sources, front-ends, centre and Airflow. `make soak` prints the figures; that takes minutes, so `make test` leaves
it out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.servers import free_port
from scripts.airflow_county import Running, running
from soak.county import VOLUME, Owed, widen
from soak.memory import Peaks
from soak.month import Played, known, most_at_once, play
from tests.airflow.rest import User
from tests.peers.command import Yizhan

FEEDS, REVIEWED = int(os.environ.get("YIZHAN_SOAK_FEEDS", "140")), int(os.environ.get("YIZHAN_SOAK_REVIEWED", "20"))
PATIENCE = 1800.0
pytestmark = pytest.mark.soak
_STATES = ("ready", "inflight", "held", "dead", "done")
PAUSED = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}


@dataclass(frozen=True, kw_only=True)
class Month:
    """What there was to do, and what is found afterwards."""

    owed: tuple[Owed, ...]
    played: Played
    lines: tuple[dict[str, Any], ...]
    board: tuple[dict[str, Any], ...]
    instructions: tuple[dict[str, Any], ...]
    peaks: Peaks
    world: Running


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    root, owed = tmp_path_factory.mktemp("soak"), list[Owed]()
    with running(
        root / "all", free_port(), VOLUME, before=lambda county: owed.extend(widen(county, FEEDS, REVIEWED)),
        settings=PAUSED,
    ) as world:  # fmt: skip
        known(User(world.airflow.place, "admin"), FEEDS)
        with Peaks({**world.airflow.pids, **world.servers.pids}) as peaks:
            played = play(world.airflow.place, owed, PATIENCE)
        scratch = root / "scratch"
        scratch.mkdir()
        centre = Yizhan(scratch=scratch, environ={"YIZHAN_SITE": str(world.county.centre)})
        lines = centre.run("ledger", "list", "--json").json["lines"]
        board = centre.run("status", "--all", "--json").json["feeds"]
        instructions = centre.run("instruct", "list", "--limit", 10_000, "--json").json["instructions"]
        yield Month(
            owed=tuple(owed), played=played, lines=tuple(lines), board=tuple(board),
            instructions=tuple(instructions), peaks=peaks, world=world,
        )  # fmt: skip


def test_every_run_of_the_month_ends_well(month: Month) -> None:
    found = sorted((run["dag_id"], run["dag_run_id"], run["state"]) for run in month.played.runs)
    assert found == sorted((one.feed, one.run, "success") for one in month.owed)


def test_no_task_was_tried_twice(month: Month) -> None:
    again = [(task["dag_id"], task["task_id"]) for task in month.played.tasks if task["try_number"] != 1]
    assert again == []


def test_every_instruction_was_carried_out_once(month: Month) -> None:
    wanted = {(one.feed, "collect"): 1 for one in month.owed} | {
        (one.feed, "release"): 1 for one in month.owed if one.reviewed
    }
    assert Counter((one["feed"], one["action"]) for one in month.instructions) == wanted
    assert {(one["state"], one["code"]) for one in month.instructions} == {("done", None)}


def test_the_centre_holds_each_feeds_first_revision_once_with_the_sums_of_its_source(month: Month) -> None:
    loaded = [line for line in month.lines if line["event"] == "loaded"]
    assert sorted(line["batch"] for line in loaded) == sorted(f"{one.feed}/{one.period}/r1" for one in month.owed)
    held = {row["batch"]: row["rows"] + row["problem_rows"] for row in month.board if row["batch"]}
    assert held == {f"{one.feed}/{one.period}/r1": one.rows for one in month.owed}
    sent = {one["feed"]: one["outcome"] for one in month.instructions if one["action"] == "collect"}
    assert {feed: (said["rows"], said["amount"]) for feed, said in sent.items()} == {
        one.feed: (one.rows, f"{one.fen // 100}.{one.fen % 100:02}") for one in month.owed
    }


def test_every_front_end_has_its_receipts_and_nothing_waits(month: Month, tmp_path: Path) -> None:
    for site in month.world.county.front_ends:
        front = Yizhan(scratch=tmp_path, environ={"YIZHAN_SITE": str(site)})
        told = front.run("ledger", "list", "--event", "receipted", "--json").json["lines"]
        mine = [f"{one.feed}/{one.period}/r1" for one in month.owed if one.department == site.name]
        assert sorted(line["batch"] for line in told) == sorted(mine)
        kept = {state.name: len(list(state.iterdir())) for state in (site / "spool").iterdir() if state.name in _STATES}
        assert kept == dict.fromkeys(_STATES, 0) | {"done": len(mine)}


def test_the_figures(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    """Told, not judged: they are the machine's."""
    with capsys.disabled():
        print("\n".join(("", *_figures(month))))


def _figures(month: Month) -> Iterator[str]:
    played, mib = month.played, {name: kib / 1024 for name, kib in month.peaks.kib.items()}
    yield f"{len(month.owed)} feeds, {sum(one.reviewed for one in month.owed)} of them reviewed, {os.cpu_count()} cores"
    yield f"from the beginning to the last run's end   {played.seconds:8.0f} s"
    pace = len(played.tasks) / played.seconds
    yield f"tasks                                      {len(played.tasks):8} ({pace:.1f} a second)"
    yield f"instructions open at once, at most         {_open(month):8}"
    yield f"tasks waiting for one of Airflow's slots   {_queued(month):8}"
    yield from (f"memory at its peak, {name:<23}{mib[name]:8.0f} MiB" for name in mib)


def _open(month: Month) -> int:
    return most_at_once((one["issued_at"], one["ended_at"]) for one in month.instructions)


def _queued(month: Month) -> int:
    return most_at_once((task["queued_when"], task["start_date"]) for task in month.played.tasks)
