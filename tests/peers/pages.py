"""Pages of `docs/` as an operator reads them: what they say is typed, line for line, at sites like the demo's."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.command import Ended, Yizhan
from tests.peers.processes import ROOT

_BLOCK = re.compile(r"^<!-- run(?:: ([0-9a-z -]+))? -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of `docs/NAME`."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[tuple[str, str]]:
    """What is to be run, in its order: the word behind `run:` (empty without one), and the lines."""
    return _BLOCK.findall(text)


def typed(line: str, directory: Path, yizhan: Yizhan, now: str) -> Ended:
    """A line of a page, typed in this directory; a `yizhan` without the cost of a new interpreter.

    `… || true` is the page's word for an exit code that is an answer.
    """
    name, *arguments = shlex.split(line)
    if name != "yizhan":
        ended = subprocess.run(["sh", "-ec", line], cwd=directory, capture_output=True, encoding="utf-8", check=False)
        return Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr)
    answered = arguments[-2:] == ["||", "true"]
    ended = yizhan.run(*(arguments[:-2] if answered else arguments), cwd=directory, YIZHAN_NOW=now)
    return Ended(code=0, out=ended.out, err=ended.err) if answered and ended.code == 1 else ended


def environ(now: str) -> dict[str, str]:
    """A shell at a rehearsal's moment, in which `yizhan` is this checkout's."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("YIZHAN_")}
    return {**given, "YIZHAN_NOW": now, "PATH": f"{Path(sys.executable).parent}:{given['PATH']}", "PYTHONUTF8": "1"}


@contextmanager
def served(centre: Path, port: int, now: str) -> Iterator[None]:
    """The centre of that site answers on its port."""
    command = [sys.executable, "-m", "gateway", "--site", str(centre), "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environ(now), stderr=subprocess.DEVNULL) as serving:
        try:
            _wait(port)
            yield
        finally:
            serving.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the centre does not answer")
