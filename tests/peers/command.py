"""The `yizhan` command as a process of its own, with what it printed and how it ended.

`Yizhan.run` forks it from a server process that has imported the program already: a new interpreter a time would cost a
second each. `Yizhan.spawn` starts a new interpreter, for what only that shows (encodings, pipes, arguments).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.processes import ROOT

_PATIENCE = 60.0
_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["gateway.cli", "tests.peers.command"])


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON document it must be."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Yizhan:
    """The command in one environment; `said` collects all that it ever printed."""

    scratch: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def run(self, *arguments: object, cwd: Path | None = None, **environ: str) -> Ended:
        """Run it to its end."""
        out, err = self.scratch / "out", self.scratch / "err"
        given = {**self._environment(), **environ}
        child = _WARM.Process(target=_command, args=([*map(str, arguments)], given, cwd or self.scratch, out, err))
        child.start()
        child.join(_PATIENCE)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise AssertionError(f"yizhan {arguments} did not end: {err.read_text()}")
        return self._kept(Ended(code=child.exitcode, out=out.read_text(), err=err.read_text()))

    def spawn(self, *arguments: object, options: Sequence[str] = (), **environ: str) -> Ended:
        """Run it in a new interpreter, started with these options of Python's."""
        command = [sys.executable, *options, "-m", "gateway", *map(str, arguments)]
        given = {**self._environment(), **environ}
        ended = subprocess.run(
            command, cwd=ROOT, env=given, capture_output=True, encoding="utf-8", timeout=_PATIENCE, check=False
        )
        return self._kept(Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr))

    def _environment(self) -> dict[str, str]:
        chosen = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "YIZHAN_SITE")}
        return {**chosen, "TMPDIR": str(self.scratch), **self.environ}

    def _kept(self, ended: Ended) -> Ended:
        self.said.extend((ended.out, ended.err))
        return ended


def _command(arguments: list[str], environ: dict[str, str], cwd: Path, out: Path, err: Path) -> None:
    """In the forked process: become the command."""
    from gateway.cli import main

    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    sys.argv = ["yizhan", *arguments]
    main()
