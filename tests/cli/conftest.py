"""One finished county and one whose servers still run, each made by `yizhan demo` as a user would make it.

They are made once a worker, when first asked for; only test_answers asks for the running one.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli import sources
from tests.peers.canaries import Canaries
from tests.peers.command import Ended, Yizhan
from tests.peers.processes import ROOT

NOW = "2025-11-22T10:00:00+08:00"
MONTH = date(2025, 10, 1)
FRONT_ENDS = ("finance", "civil", "agri")
NODES = ("centre", *FRONT_ENDS)
FEEDS = {"finance": "finance.onecard", "civil": "civil.dibao", "agri": "agri.village_finance"}
PERIODS = {"finance": "2025-10", "civil": "2025-10", "agri": "2025Q3"}
BATCHES = {department: f"{feed}/{PERIODS[department]}/r1" for department, feed in FEEDS.items()}


@dataclass(frozen=True, kw_only=True)
class County:
    """A demonstration that ended (or waits, `--serve`), what it printed, and what could be seen of it from outside."""

    root: Path
    scratch: Path
    ended: Ended
    seconds: float
    processes: frozenset[int]
    command_lines: frozenset[str]

    def site(self, node: str) -> Path:
        return self.root / node

    def entry(self, node: str, department: str) -> Path:
        """The settled batch of a department, at a node."""
        return next((self.site(node) / "spool" / "done").glob(f"{FEEDS[department]}_*"))

    def sources(self) -> tuple[sources.Source, ...]:
        return sources.finance(self.root, MONTH), sources.civil(MONTH), sources.agri(self.root, PERIODS["agri"])

    def passwords(self) -> frozenset[str]:
        return frozenset(file.read_text() for file in self.root.glob("*/secrets/*"))

    def canaries(self) -> Canaries:
        held = self.sources()
        return Canaries.of(
            numbers=frozenset().union(*(source.people for source in held)),
            names=frozenset().union(*(source.names for source in held)),
            secrets=self.passwords(),
        )


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    """A demonstration that ran to its end. Read only."""
    base = tmp_path_factory.mktemp("county")
    started = time.monotonic()
    with _demo(base) as (child, seen):
        out, err = child.communicate(timeout=180)
        seconds = time.monotonic() - started
    return County(
        root=base / "D", scratch=base / "scratch", ended=Ended(code=child.returncode, out=out, err=err),
        seconds=seconds, processes=frozenset(seen.processes), command_lines=frozenset(seen.command_lines),
    )  # fmt: skip


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """A demonstration with `--serve`: sources and centre answer. A test leaves it as it found it."""
    base = tmp_path_factory.mktemp("running")
    with _demo(base, "--serve") as (child, seen):
        told = []
        for line in child.stderr or ():
            told.append(line)
            if "Ctrl-C" in line:
                break
        yield County(
            root=base / "D", scratch=base / "scratch", ended=Ended(code=0, out="", err="".join(told)),
            seconds=0.0, processes=frozenset(seen.processes), command_lines=frozenset(seen.command_lines),
        )  # fmt: skip
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        assert child.returncode == 0
    assert not [pid for pid in seen.processes if alive(pid)]


@pytest.fixture
def yizhan(tmp_path: Path) -> Yizhan:
    """The command, at the counties' own moment."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Yizhan(scratch=scratch, environ={"YIZHAN_NOW": NOW})


@pytest.fixture
def agri(county: County, tmp_path: Path) -> Path:
    """A copy of the agricultural front-end with its source, for a test to change; no centre answers."""
    root = tmp_path / "agri"
    shutil.copytree(county.site("agri"), root)
    shutil.copy(county.root / "sources/agri/cwgl.db", tmp_path)
    edit_site(root, lambda site: site["sources"]["agri.village_finance"].update(
        connection=f"Driver=SQLite3;Database={tmp_path / 'cwgl.db'};StepAPI=1;NoCreat=1"
    ))  # fmt: skip
    return root


def edit_site(root: Path, change: Callable[[dict], object]) -> None:
    """Change a site file."""
    yaml = YAML()
    site = yaml.load(root / "site.yaml")
    change(site)
    yaml.dump(site, root / "site.yaml")


def alive(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class _demo:
    """`yizhan demo` as a child, watched from outside: its processes and their command lines."""

    def __init__(self, base: Path, *options: str) -> None:
        scratch = base / "scratch"
        scratch.mkdir()
        environ = Yizhan(scratch=scratch, environ={"YIZHAN_NOW": NOW})._environment()
        command = [sys.executable, "-m", "gateway", "demo", "--dir", str(base / "D"), *options]
        self.processes: set[int] = set()
        self.command_lines: set[str] = set()
        self._over = threading.Event()
        self._child = subprocess.Popen(
            command, cwd=ROOT, env=environ, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> tuple[subprocess.Popen[str], _demo]:
        self._watcher.start()
        return self._child, self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        if self._child.poll() is None:
            self._child.terminate()
            self._child.wait(timeout=30)

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for pid in {self._child.pid, *_descendants(self._child.pid)}:
                self.processes.add(pid)
                self.command_lines.add(_command_line(pid))


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
