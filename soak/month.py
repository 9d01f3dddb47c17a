"""The start of a month: every feed's run begins at once, reviewers approve, until the last run has ended."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.airflow_local import Place
from soak.county import Owed
from tests.airflow.rest import ENDED, User, until

_PAGE = 100
_SETTLED = timedelta(seconds=4)
"""Airflow fails a task that is answered within about a second of its asking; no person is as quick."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it: runs and tasks as Airflow's REST interface has them; `seconds` from the beginning."""

    runs: tuple[dict[str, Any], ...]
    tasks: tuple[dict[str, Any], ...]
    seconds: float


def known(admin: User, feeds: int) -> None:
    """Wait until Airflow has every feed's DAG, and the corrections form."""
    until(lambda: True if _total(admin, "dags") == feeds + 1 else None, f"there never were {feeds + 1} DAGs")


def play(place: Place, owed: Sequence[Owed], patience: float) -> Played:
    """Let everything begin now, and wait for the end of every run, or for `patience` seconds."""
    admin, begun = User(place, "admin"), time.monotonic()
    reviewers = {one.department: User(place, f"{one.department}.p003") for one in owed if one.reviewed}
    while _total(admin, "dags", paused=True):
        every = {"dag_id_pattern": "~", "limit": _PAGE}
        admin.ask("PATCH", "dags", params=every, json={"is_paused": False}).raise_for_status()
    while time.monotonic() < begun + patience:
        _approve(admin, reviewers)
        if sum(_total(admin, "dags/~/dagRuns", state=state) for state in ENDED) == len(owed):
            break
        time.sleep(2)
    seconds = time.monotonic() - begun
    runs = tuple(_all(admin, "dags/~/dagRuns", "dag_runs"))
    tasks = tuple(_all(admin, "dags/~/dagRuns/~/taskInstances", "task_instances"))
    return Played(runs=runs, tasks=tasks, seconds=seconds)


def most_at_once(spans: Iterable[tuple[str | None, str | None]]) -> int:
    """How many of these times from … to … overlapped at most; one without an end has not ended."""
    steps = sorted(
        (datetime.fromisoformat(at), step) for span in spans for at, step in zip(span, (1, -1), strict=True) if at
    )
    now, most = 0, 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def _approve(admin: User, reviewers: dict[str, User]) -> None:
    for asked in _all(admin, "dags/~/dagRuns/~/hitlDetails", "hitl_details", response_received=False):
        task = asked["task_instance"]
        if datetime.now(UTC) - datetime.fromisoformat(asked["created_at"]) > _SETTLED:
            path = f"dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/review/-1/hitlDetails"
            answer = {"chosen_options": ["Approve"], "params_input": {}}
            reviewers[task["dag_id"].partition(".")[0]].ask("PATCH", path, json=answer).raise_for_status()


def _total(admin: User, path: str, **params: Any) -> int:
    return int(admin.get(path, limit=1, **params)["total_entries"])


def _all(admin: User, path: str, name: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Every page."""
    offset = 0
    while found := admin.get(path, limit=_PAGE, offset=offset, **params)[name]:
        yield from found
        offset += _PAGE
