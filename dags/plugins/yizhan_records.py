"""What Airflow itself has on record, read over its REST interface as a user who may only look.

XComs are not such a record: whoever may operate a run may write them. Must never change anything in Airflow.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

_PATIENCE = 15
_NEWEST = 100


class _Read(BaseModel):
    """An Airflow that is newer than this may answer more than is read here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Run(_Read):
    """A run: `queued_at` is when it was cleared last, if it was."""

    dag_run_id: str
    logical_date: datetime | None
    queued_at: datetime | None
    note: str | None = None


class Event(_Read):
    """A line of the event log: who did what to a DAG; `extra` is JSON, what the asker sent."""

    when: datetime
    event: str
    owner: str | None = None
    run_id: str | None = None
    extra: str | None = None


class Answer(_Read):
    """What a person answered to a question, and the question's text."""

    body: str | None = None
    chosen_options: tuple[str, ...] | None = None
    responded_by_user: Mapping[str, str] | None = None

    @property
    def user(self) -> str:
        """Who answered; empty where nobody did."""
        return (self.responded_by_user or {}).get("id", "")


@dataclass(frozen=True, kw_only=True)
class Records:
    """Airflow's REST interface. Every call may raise httpx.HTTPError, OSError, ValueError."""

    url: str
    user: str
    password_file: Path

    @classmethod
    def configured(cls) -> Self | None:
        """As `YIZHAN_AIRFLOW_URL`, `…_USER` and `…_PASSWORD_FILE` say; None where they are not set."""
        names = ("YIZHAN_AIRFLOW_URL", "YIZHAN_AIRFLOW_USER", "YIZHAN_AIRFLOW_PASSWORD_FILE")
        url, user, file = (os.environ.get(name) for name in names)
        return cls(url=url.rstrip("/"), user=user, password_file=Path(file)) if url and user and file else None

    def events(self, dag: str, run: str) -> tuple[Run, tuple[Event, ...]]:
        """The run as it is, and the newest events of its DAG, newest first."""
        with self._client() as client:
            found = client.get(f"/api/v2/dags/{quote(dag)}/dagRuns/{quote(run, safe='')}").raise_for_status().json()
            asked = {"dag_id": dag, "order_by": "-when", "limit": _NEWEST}
            events = client.get("/api/v2/eventLogs", params=asked).raise_for_status().json()["event_logs"]
        return Run.model_validate(found), tuple(Event.model_validate(one) for one in events)

    def answer(self, dag: str, run: str, task: str) -> Answer | None:
        """To the question that this task asked last; None where it has asked none since it was cleared."""
        with self._client() as client:
            path = f"/api/v2/dags/{quote(dag)}/dagRuns/{quote(run, safe='')}/hitlDetails"
            asked = client.get(path).raise_for_status().json()["hitl_details"]
        found = (one for one in asked if one["task_instance"]["task_id"] == task)
        return next((Answer.model_validate(one) for one in found), None)

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, timeout=_PATIENCE, trust_env=False) as client:
            login = {"username": self.user, "password": self.password_file.read_text(encoding="utf-8").strip()}
            token = client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client
