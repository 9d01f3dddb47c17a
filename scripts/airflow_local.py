"""Airflow on one machine: its components as children of one process, SQLite metadata, loopback only.

For `make airflow` and for the tests; a real installation is in docker/. Owns Airflow's settings here and the order of
starting and stopping. It must never hold a departmental password or a key, and never leave a child behind.

Components are started one by one with --skip-serve-logs, since `airflow standalone` serves logs on every interface. The
api-server's face for tasks is a process of its own: for each act of a person the other face writes to its event log on
the very thread that ends every request, and while one of a task's held SQLite's only lock, both waited for each other.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.demo.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".airflow" / "venv" / "bin" / "python"
READER = "yizhan"
"""The user as whom tasks look into Airflow's own event log: it may only look."""
COMPONENTS = {
    "api-server": ("api-server", "--apps", "core", "--host", "127.0.0.1", "--workers", "1"),
    "execution": ("api-server", "--apps", "execution", "--host", "127.0.0.1", "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
_PATIENCE = 120.0
_STOPPING = 10.0
"""Seconds for all of them: an api-server waits half a minute for whoever has a page open."""


class AirflowFailed(Exception):
    """A component ended or did not become healthy; the message names its log."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it lies and listens.

    Attributes:
        compiled: what `yizhan catalogue compile` wrote. office, token_file: the centre's office interface.
        users: role by user; an operator is called `department.staff number`. settings: further `AIRFLOW__…`.
        execution_port: where tasks find Airflow.
    """

    home: Path
    port: int
    compiled: Path
    office: str
    token_file: Path
    users: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    execution_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def execution_url(self) -> str:
        return f"http://127.0.0.1:{self.execution_port}"

    @property
    def passwords(self) -> Path:
        """JSON, password by user; only this system user reads it."""
        return self.home / "passwords.json"

    @property
    def environment(self) -> dict[str, str]:
        """Of every component. Nothing of the caller's own Airflow settings goes in."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "YIZHAN"))}
        users = ",".join(f"{user}:{role}" for user, role in {**self.users, READER: "viewer"}.items())
        return inherited | {
            "AIRFLOW_HOME": str(self.home),
            "PATH": f"{PYTHON.parent}:{os.environ.get('PATH', '')}",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "dags" / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            # 20 seconds for the lock, not five: again and again the DAG processor stores every DAG, while tasks run
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}?timeout=20",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.execution_url}/execution/",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": (self.home / "secret").read_text(encoding="utf-8"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.passwords),
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "YIZHAN_COMPILED": str(self.compiled),
            "YIZHAN_OFFICE_URL": self.office,
            "YIZHAN_OFFICE_TOKEN_FILE": str(self.token_file),
            "YIZHAN_AIRFLOW_URL": self.url,
            "YIZHAN_AIRFLOW_USER": READER,
            "YIZHAN_AIRFLOW_PASSWORD_FILE": str(self.home / "reader"),
            **self.settings,
        }


class Airflow:
    """The running components; a context manager."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pids: dict[str, int] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()
        self._stack.callback(self._stop)

    def __enter__(self) -> Self:
        try:
            _prepare(self.place)
            for name, arguments in COMPONENTS.items():
                self._start(name, arguments)
                if name == "execution":  # before anything calls them: their first answers take seconds
                    self._wait(_answers)
            self._wait(_healthy)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _stop(self) -> None:
        """All of them at once, each with what it has started: every component leads a session of its own."""
        for child in self._children.values():
            child.terminate()
        until = time.monotonic() + _STOPPING
        for child in self._children.values():
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def log(self, name: str) -> Path:
        """Where a component writes."""
        return _log(self.place, name)

    def ended(self) -> dict[str, int]:
        """The exit codes of components that run no longer, by name."""
        codes = {name: child.poll() for name, child in self._children.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def revive(self, name: str) -> None:
        """Start a component anew that has ended."""
        self._start(name, COMPONENTS[name])

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        log = self._stack.enter_context(_log(self.place, name).open("ab"))
        child = subprocess.Popen(  # noqa: S603 - Airflow's own command, arguments of ours
            _command(*arguments), env=self.place.environment | self._port(name), cwd=self.place.home,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self._children[name], self.pids[name] = child, child.pid

    def _port(self, name: str) -> dict[str, str]:
        return {"AIRFLOW__API__PORT": str(self.place.execution_port)} if name == "execution" else {}

    def _wait(self, ready: Callable[[Place], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise AirflowFailed(f"{name}: {_log(self.place, name)}")
            if ready(self.place):
                return
            time.sleep(0.5)
        raise AirflowFailed(f"{self.place.home / 'logs'}")


def _prepare(place: Place) -> None:
    """Metadata and passwords; what is there already stays."""
    (place.home / "components").mkdir(parents=True, exist_ok=True)
    known = json.loads(place.passwords.read_text()) if place.passwords.exists() else {}
    passwords = {user: known.get(user) or secrets.token_urlsafe(12) for user in (*place.users, READER)}
    _private(place.passwords, json.dumps(passwords))
    _private(place.home / "reader", passwords[READER])
    _private(place.home / "secret", secrets.token_hex(64))
    with _log(place, "migrate").open("ab") as log:
        ended = subprocess.run(  # noqa: S603 - as above
            _command("db", "migrate"), env=place.environment, cwd=place.home, stdout=log, stderr=log, check=False
        )
    if ended.returncode:
        raise AirflowFailed(f"db migrate: {_log(place, 'migrate')}")


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _log(place: Place, name: str) -> Path:
    return place.home / "components" / f"{name}.log"


def _command(*arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "airflow", *arguments]


def _answers(place: Place) -> bool:
    """Both faces: the one for people, and the one for tasks."""
    urls = (f"{place.url}/api/v2/version", f"{place.execution_url}/execution/health")
    return all(_asked(url) is not None for url in urls)


def _healthy(place: Place) -> bool:
    parts = _asked(f"{place.url}/api/v2/monitor/health") or {}
    names = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    return all(parts.get(name, {}).get("status") == "healthy" for name in names)


def _asked(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own URL
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None
