"""`yizhan` commands, each in a process of its own, without paying for the imports each time.

A child that has imported the command line and the adapters, and done nothing else. For each command it is asked for it
forks, and the fork is that command from then on, from its own arguments to its exit code; it can be waited for, and
killed by its pid.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from adapters.registry import Registry
from gateway.cli.main import main, parser
from tests.journeys.kill import arm


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command exited with (minus the signal, if one ended it) and wrote."""

    code: int
    out: str
    err: str


class Hatchery:
    """The child, as the tests see it."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        command, pipe = [sys.executable, "-m", "tests.journeys.hatchery"], subprocess.PIPE
        self._alone = threading.Lock()  # a question and its answer
        self._child = subprocess.Popen(command, cwd=directory, env=environ, stdin=pipe, stdout=pipe, text=True)

    def start(self, arguments: Sequence[str], killed: str | None) -> Command:
        """Start a command, which kills itself at a moment of `tests.journeys.kill` if one is given."""
        return Command(hatchery=self, pid=self.ask(arguments=arguments, killed=killed))

    def ask(self, **what: object) -> Any:
        with self._alone:
            self._child.stdin.write(json.dumps(what) + "\n")
            self._child.stdin.flush()
            return json.loads(self._child.stdout.readline())

    def close(self) -> None:
        self._child.stdin.close()
        self._child.wait(10)
        self._child.stdout.close()


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command under way, or over."""

    hatchery: Hatchery
    pid: int

    def ended(self) -> Ended | None:
        """How it ended, None while it runs."""
        said = self.hatchery.ask(pid=self.pid)
        return Ended(**said) if said else None

    def wait(self, seconds: float) -> Ended:
        """How it ended, which it has to do in this time."""
        until = time.monotonic() + seconds
        while (ended := self.ended()) is None:
            assert time.monotonic() < until, "it did not end"
            time.sleep(0.01)
        return ended

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


class _Nest:
    """The commands hatched here: running with the files they write to, or ended."""

    def __init__(self) -> None:
        self._files: dict[int, tuple[Any, Any]] = {}
        self._ended: dict[int, dict[str, object]] = {}

    def hatch(self, arguments: list[str], killed: str | None) -> int:
        files = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed when the command is over
        child = os.fork()
        if child == 0:
            with Path(os.devnull).open() as nothing:
                for stream, file in enumerate((nothing, *files)):
                    os.dup2(file.fileno(), stream)
            _become(arguments, killed)
        self._files[child] = files
        return child

    def ended(self, child: int) -> dict[str, object] | None:
        if child not in self._ended:
            found, status = os.waitpid(child, os.WNOHANG)
            if not found:
                return None
            out, err = map(_read, self._files.pop(child))
            self._ended[child] = {"code": os.waitstatus_to_exitcode(status), "out": out, "err": err}
        return self._ended[child]


def _become(arguments: list[str], killed: str | None) -> NoReturn:
    sys.argv = ["yizhan", *arguments]
    code: object = 1
    try:
        if killed:
            arm(killed)
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _read(file: Any) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


if __name__ == "__main__":
    nest, *prepared = _Nest(), Registry.installed(), parser()
    gc.freeze()  # a collection in a fork would write on every page of what it shares with the others
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(nest.ended(asked["pid"]) if "pid" in asked else nest.hatch(**asked)), flush=True)
