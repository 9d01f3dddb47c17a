"""Airflow on one machine: its four components as children of one process, SQLite metadata, loopback only.

For `make airflow` and for the tests; a real installation is in docker/. Owns Airflow's settings here and the order of
starting and stopping. It must never hold a departmental password or a key, and never leave a child behind.

Components are started one by one with --skip-serve-logs, since `airflow standalone` serves logs on every interface.
"""

from __future__ import annotations

import json
import os
import secrets
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

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".airflow" / "venv" / "bin" / "python"
READER = "yizhan"
"""The user as whom tasks look into Airflow's own event log: it may only look."""
COMPONENTS = {
    "api-server": ("api-server", "--host", "127.0.0.1", "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
_PATIENCE = 120.0
_STOPPING = 30.0


class AirflowFailed(Exception):
    """A component ended or did not become healthy; the message names its log."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it lies and listens.

    Attributes:
        compiled: what `yizhan catalogue compile` wrote. office, token_file: the centre's office interface.
        users: role by user; an operator is called `department.staff number`. settings: further `AIRFLOW__…`.
    """

    home: Path
    port: int
    compiled: Path
    office: str
    token_file: Path
    users: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
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

    def __enter__(self) -> Self:
        try:
            _prepare(self.place)
            for name, arguments in COMPONENTS.items():
                self._start(name, arguments)
                if name == "api-server":  # before anything calls it: its first answers take seconds
                    self._wait(_answers)
            self._wait(_healthy)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        log = self._stack.enter_context(_log(self.place, name).open("ab"))
        child = subprocess.Popen(  # noqa: S603 - Airflow's own command, arguments of ours
            _command(*arguments), env=self.place.environment, cwd=self.place.home, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self._stack.callback(_stop, child)
        self._children[name], self.pids[name] = child, child.pid

    def _wait(self, ready: Callable[[str], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise AirflowFailed(f"{name}: {_log(self.place, name)}")
            if ready(self.place.url):
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


def _answers(url: str) -> bool:
    """Both faces: the one for people, and the one for tasks."""
    return _asked(f"{url}/api/v2/version") is not None and _asked(f"{url}/execution/health") is not None


def _healthy(url: str) -> bool:
    parts = _asked(f"{url}/api/v2/monitor/health") or {}
    names = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    return all(parts.get(name, {}).get("status") == "healthy" for name in names)


def _asked(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own URL
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)  # its own session: the component and what it has started, nothing else
        child.wait()
