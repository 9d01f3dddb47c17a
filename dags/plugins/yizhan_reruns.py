"""Who cleared a run, and why: Airflow's own event log, read over its REST interface as a user who may only look.

Must never change anything in Airflow.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

_CLEARINGS = ("clear_dag_run", "post_clear_task_instances", "clear_dag_runs", "create_backfill")
_PATIENCE = 15


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """The newest one of a run: `user` of Airflow, and `note`, empty where none was given."""

    user: str
    note: str


class EventLog:
    """Airflow's event log."""

    def __init__(self, url: str, user: str, password_file: Path) -> None:
        self._url, self._user, self._password_file = url.rstrip("/"), user, password_file

    @classmethod
    def configured(cls) -> Self | None:
        """As `YIZHAN_AIRFLOW_URL`, `…_USER` and `…_PASSWORD_FILE` say; None where they are not set."""
        names = ("YIZHAN_AIRFLOW_URL", "YIZHAN_AIRFLOW_USER", "YIZHAN_AIRFLOW_PASSWORD_FILE")
        url, user, file = (os.environ.get(name) for name in names)
        return cls(url, user, Path(file)) if url and user and file else None

    def clearing(self, dag: str, run: str) -> Clearing | None:
        """The newest clearing of a run. Raises: httpx.HTTPError, OSError."""
        with httpx.Client(base_url=self._url, timeout=_PATIENCE, trust_env=False) as client:
            login = {"username": self._user, "password": self._password_file.read_text(encoding="utf-8").strip()}
            token = client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            asked = {"dag_id": dag, "order_by": "-when", "limit": 100}
            events = client.get("/api/v2/eventLogs", params=asked).raise_for_status().json()["event_logs"]
            found = next((one for one in events if _clears(one, run)), None)
            if found is None:
                return None
            note = _note(found) or _run_note(client, dag, run)
        return Clearing(user=found["owner"] or "", note=note)


def _clears(event: dict[str, Any], run: str) -> bool:
    return event["event"] in _CLEARINGS and event.get("run_id") in (run, None) and not _extra(event).get("dry_run")


def _note(event: dict[str, Any]) -> str:
    return str(_extra(event).get("note") or "").strip()


def _extra(event: dict[str, Any]) -> dict[str, Any]:
    try:
        extra = json.loads(event.get("extra") or "{}")
    except ValueError:
        return {}
    return extra if isinstance(extra, dict) else {}


def _run_note(client: httpx.Client, dag: str, run: str) -> str:
    found = client.get(f"/api/v2/dags/{dag}/dagRuns/{run}").raise_for_status().json()
    return str(found.get("note") or "").strip()
