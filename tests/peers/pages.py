"""Pages of `docs/` as an operator reads them: what they say is typed, line for line, at sites like the demo's."""

from __future__ import annotations

import re
import shlex
import subprocess
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
