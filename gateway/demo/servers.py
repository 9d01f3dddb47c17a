"""The demonstration's processes: the departments' servers and the centre, each a child that is stopped by its pid.

Must never leave a child behind: `Servers` is a context manager, and the children end with it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import DemoServerFailed

_PATIENCE = 30.0
_STOPPING = 10.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Servers:
    """Child processes with their logs in one directory, `logs`; `pids` holds the process id of each by its name."""

    def __init__(self, logs: Path) -> None:
        self.pids: dict[str, int] = {}
        self.logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def source(self, name: str, *arguments: str, password: str) -> dict[str, object]:
        """Start one of `gateway.demo.sources`; gives what it announced.

        Raises:
            DemoServerFailed
        """
        variable = f"YIZHAN_DEMO_{name.upper()}"
        command = [sys.executable, "-m", f"gateway.demo.sources.{name}", *arguments, "--password-env", variable]
        child = self._start(name, command, {variable: password}, stdout=subprocess.PIPE)
        line = child.stdout.readline() if child.stdout else b""
        if not line:
            raise DemoServerFailed(server=name, log=self.logs / f"{name}.log")
        return json.loads(line)

    def centre(self, site: Path, port: int) -> None:
        """Start the centre and wait until it accepts connections. Raises: DemoServerFailed."""
        command = [sys.executable, "-m", "gateway", "--site", str(site), "serve"]
        child = self._start("centre", command, {}, stdout=subprocess.DEVNULL)
        until = time.monotonic() + _PATIENCE
        while child.poll() is None and time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise DemoServerFailed(server="centre", log=self.logs / "centre.log")

    def agent(self, name: str, site: Path) -> None:
        """Start a front-end's agent."""
        command = [sys.executable, "-m", "gateway", "--site", str(site), "agent"]
        self._start(f"agent-{name}", command, {}, stdout=subprocess.DEVNULL)

    def ended(self) -> dict[str, int]:
        """The exit codes of those that run no longer, by name; of one that a signal ended, its number below 0."""
        codes = {name: child.poll() for name, child in self._children.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def _start(
        self, name: str, command: list[str], extra: Mapping[str, str], *, stdout: int
    ) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self.logs / f"{name}.log").open("ab"))
        child = subprocess.Popen(  # noqa: S603 - our own modules, with arguments of our own
            command, env={**os.environ, **extra}, stdin=subprocess.DEVNULL, stdout=stdout, stderr=log
        )
        self._stack.callback(_stop, child)
        self._children[name], self.pids[name] = child, child.pid
        return child


def new_password() -> str:
    """A password for one demonstration."""
    return secrets.token_urlsafe(18)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()
