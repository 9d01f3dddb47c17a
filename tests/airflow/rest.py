"""Airflow over its public REST interface, as one of its users."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from scripts.airflow_local import Place

ENDED = ("success", "failed")
PATIENCE = 180.0


class User:
    """One user of one Airflow."""

    def __init__(self, place: Place, name: str) -> None:
        passwords = json.loads(place.passwords.read_text(encoding="utf-8"))
        self._client = httpx.Client(base_url=place.url, timeout=30, trust_env=False)
        login = {"username": name, "password": passwords[name]}
        self.token = self._client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, **parts: Any) -> httpx.Response:
        """Any call below /api/v2/."""
        return self._client.request(method, f"/api/v2/{path}", **parts)

    def page(self, path: str) -> httpx.Response:
        """A page for people."""
        return self._client.get(path)

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).raise_for_status().json()

    def runs(self, dag: str) -> dict[str, Any]:
        """By run id; none of a DAG that is not known yet."""
        answer = self.ask("GET", f"dags/{dag}/dagRuns")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        return {run["dag_run_id"]: run for run in answer.raise_for_status().json()["dag_runs"]}

    def run_of(self, dag: str, logical: datetime) -> str:
        """Its id: a backfill names its runs itself."""

        def found() -> str | None:
            runs = self.runs(dag).items()
            same = [name for name, run in runs if datetime.fromisoformat(run["logical_date"]) == logical]
            assert len(same) < 2
            return same[0] if same else None

        return until(found, f"no run of {dag} for {logical}")

    def tasks(self, dag: str, run: str) -> dict[str, Any]:
        """By task id; none of a run that is not there yet."""
        answer = self.ask("GET", f"dags/{dag}/dagRuns/{run}/taskInstances")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return {}
        return {task["task_id"]: task for task in answer.raise_for_status().json()["task_instances"]}

    def log(self, dag: str, run: str, task: str) -> str:
        """Of the task's last try."""
        attempt = self.tasks(dag, run)[task]["try_number"]
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
        return json.dumps(self.get(path, full_content=True), ensure_ascii=False)

    def clear(self, dag: str, run: str, note: str) -> None:
        """The whole run, as the UI's button does."""
        self.ask("POST", f"dags/{dag}/dagRuns/{run}/clear", json={"dry_run": False, "note": note}).raise_for_status()

    def clear_task(self, dag: str, run: str, task: str, *, and_what_follows: bool = True) -> None:
        """One task, as the UI's button does."""
        asked = {"dry_run": False, "dag_run_id": run, "task_ids": [task], "only_failed": False}
        asked |= {"include_downstream": and_what_follows}
        self.ask("POST", f"dags/{dag}/clearTaskInstances", json=asked).raise_for_status()

    def answers(self, dag: str, run: str, option: str) -> httpx.Response:
        """To the question of a run's review."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/review/-1/hitlDetails"
        return self.ask("PATCH", path, json={"chosen_options": [option], "params_input": {}})

    def asked(self, dag: str, run: str) -> str:
        """Wait until the run's question may be answered; its text.

        Airflow fails a task that is answered within about a second of its asking.
        """

        def settled() -> bool | None:
            task = self.tasks(dag, run).get("review", {})
            if task.get("state") != "awaiting_input":
                return None
            waited = datetime.now(UTC) - datetime.fromisoformat(task["start_date"])
            return True if waited.total_seconds() > 4 else None

        until(settled, f"{dag} {run} never asked")
        (question,) = self.get(f"dags/{dag}/dagRuns/{run}/hitlDetails")["hitl_details"]
        return str(question["body"])

    def ended(self, dag: str, run: str) -> str:
        """The run's state at its end."""

        def state() -> str | None:
            found = self.runs(dag).get(run, {}).get("state")
            return found if found in ENDED else None

        return until(state, f"{dag} {run}: {self.runs(dag).get(run)}")

    def reaches(self, dag: str, run: str, task: str, state: str) -> None:
        """Wait until a task is in a state."""

        def there() -> bool | None:
            return True if self.tasks(dag, run).get(task, {}).get("state") == state else None

        until(there, f"{dag} {run} {task} never was {state}")


def until(found: Callable[[], Any], otherwise: str) -> Any:
    """What `found` gives once it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (got := found()) is not None:
            return got
        time.sleep(0.5)
    raise AssertionError(otherwise)
