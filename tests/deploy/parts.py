"""Airflow's services of the compose files as processes of this machine: each with its own command, settings, secrets.

Only places and addresses are changed. A service is given the files of its own secrets and no others, so what it lacks
is missing here as it would be there. Root file systems, networks and users are the engine's: not shown by this.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.deploy import compose
from tests.peers.processes import ROOT

ORDER = (
    "airflow-migrate", "airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
    "airflow-worker",
)  # fmt: skip
"""As `depends_on` has it."""
_STARTING, _STOPPING = 180.0, 30.0


@dataclass(frozen=True, kw_only=True)
class Here:
    """What the services find on this machine.

    Attributes:
        programs: the image's `bin`. port: of Airflow's API. office: URL of the centre's office interface.
        given: contents by name of a secret, beside those that are made here.
    """

    programs: Path
    home: Path
    port: int
    office: str
    compiled: Path
    given: Mapping[str, str]
    made: dict[str, str] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        """As docs/deploy.md has each made."""
        if name not in self.made:
            fernet = name == "airflow_fernet_key"
            made = urlsafe_b64encode(secrets.token_bytes(32)).decode() if fernet else secrets.token_hex(64)
            self.made[name] = self.given.get(name, made)
        return self.made[name]


class Parts:
    """Starts them in order; a context manager that leaves no child behind."""

    def __init__(self, services: Mapping[str, Any], here: Here) -> None:
        self._services = {name: services[name] for name in ORDER if name in services}
        self._here, self._stack = here, ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            for name, service in self._services.items():
                self._furnish(name, service)
                if name == "airflow-migrate":
                    self._start(name, service)
                    assert self._children.pop(name).wait(_STARTING) == 0, self.said(name)
                    continue
                self._start(name, service)
                if name == "airflow-api":
                    self.wait(lambda: self.well("airflow-api"), "the API")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def well(self, name: str) -> bool:
        """Whether a service's health check says so."""
        test = self._services[name]["healthcheck"]["test"]
        command = ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        return self._run(name, [self._local(word, name) for word in command]).returncode == 0

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Until something holds, while every service lives."""
        until = time.monotonic() + _STARTING
        while not done():
            ended = [name for name, child in self._children.items() if child.poll() is not None]
            assert not ended, self.said(ended[0])
            assert time.monotonic() < until, what
            time.sleep(1)

    def said(self, name: str) -> str:
        """The end of a service's log."""
        return (self._place(name) / "log").read_text(encoding="utf-8")[-4000:]

    def _place(self, name: str) -> Path:
        return self._here.home / name

    def _furnish(self, name: str, service: Mapping[str, Any]) -> None:
        place = self._place(name)
        for folder in (place / "secrets", place / "airflow", self._here.home / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        for secret in compose.secrets_of(service):
            path = place / "secrets" / secret
            path.touch(mode=0o600)
            path.write_text(f"{self._here.secret(secret)}\n", encoding="utf-8")

    def _local(self, text: str, name: str) -> str:
        place, address = self._place(name), f"127.0.0.1:{self._here.port}"
        for said, here in {
            "$$": "$",
            "/run/secrets": str(place / "secrets"),
            "/opt/airflow-logs": str(self._here.home / "logs"),
            "/opt/airflow/": f"{place / 'airflow'}/",
            "/opt/compiled/catalogue.json": str(self._here.compiled),
            "airflow-api:8080": address,
            "127.0.0.1:8080": address,
            "http://centre:8444": self._here.office,
            "--port 8080": f"--port {self._here.port}",
            "--host 0.0.0.0": "--host 127.0.0.1",
        }.items():
            text = text.replace(said, here)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """Of a service, with what docker/Dockerfile sets and nothing of the caller's."""
        service = self._services[name]
        listed = compose.environment_files(service) | {k: str(v) for k, v in service["environment"].items()}
        return {key: self._local(value, name) for key, value in listed.items()} | {
            "PATH": f"{self._here.programs}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
            "HOSTNAME": os.uname().nodename,
            "AIRFLOW_HOME": str(self._place(name) / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "dags" / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        }

    def _run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command, env=self.environment(name), cwd="/", capture_output=True, check=False, timeout=60
        )

    def _start(self, name: str, service: Mapping[str, Any]) -> None:
        words = [*service.get("entrypoint", ["airflow"]), *service["command"]]
        log = self._stack.enter_context((self._place(name) / "log").open("ab"))
        child = subprocess.Popen(
            [self._local(word, name) for word in words], env=self.environment(name), cwd="/",
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self._stack.callback(_stop, child)
        self._children[name] = child


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Its session is its own: the service and what it has started, nothing else."""
    child.terminate()
    try:
        child.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
