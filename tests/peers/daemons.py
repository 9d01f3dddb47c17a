"""What the database servers of the tests have in common: an ordinary user, a free port, a process ended by its pid.

Both servers refuse to run as root, so a test run as root starts them as `nobody`. Must never end a process by name.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ACCOUNT = "nobody" if os.geteuid() == 0 else getpass.getuser()


@contextmanager
def owned_home(prefix: str) -> Iterator[Path]:
    """A folder of the server's user; not one of pytest's, which each new session closes to others."""
    with TemporaryDirectory(prefix=prefix) as made:
        if os.geteuid() == 0:
            shutil.chown(made, ACCOUNT)
        yield Path(made)


def as_account() -> dict[str, object]:
    """Arguments of `subprocess` that make the child an ordinary user."""
    return {"user": ACCOUNT, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def run(command: Sequence[str | Path], *, given: str = "") -> None:
    """A tool of the server's, to its end. Raises: RuntimeError with its last words."""
    ran = subprocess.run(command, input=given, capture_output=True, text=True, cwd="/", timeout=120, **as_account())
    if ran.returncode:
        raise RuntimeError(f"{command[0]} ended with {ran.returncode}: {ran.stderr[-2000:]}")


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Daemon:
    """One server process on one port: started, ended in good order or cut off, and started again."""

    def __init__(
        self,
        *,
        command: Sequence[str | Path],
        port: int,
        log: Path,
        ending: signal.Signals,
        account: Callable[[], dict[str, object]] = as_account,
    ) -> None:
        self._command, self._port, self._log, self._ending = command, port, log, ending
        self._account = account
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Raises: RuntimeError: it does not run."""
        if self._child is None:
            raise RuntimeError("the server does not run")
        return self._child.pid

    def send(self, number: signal.Signals) -> None:
        """Raises: RuntimeError: it does not run."""
        os.kill(self.pid, number)

    def start(self) -> None:
        """Run it until it listens; nothing when it runs already. Raises: RuntimeError with its log's last words."""
        if self._child is not None:
            return
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(self._command, stdout=log, stderr=log, cwd="/", **self._account())
        self._await(self._child)

    def stop(self) -> None:
        """End it at once: open sessions break, what was committed stays. Nothing when it does not run."""
        if self._child is None:
            return
        self._child.send_signal(self._ending)
        try:
            self._child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _await(self, child: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 30
        while child.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.stop()
        raise RuntimeError(f"the server does not listen: {self._log.read_text(errors='replace')[-2000:]}")
