"""An exporter over a copy of the small county, its log, and a stranger's looks at what lies on the disk."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from monitoring.exporter.exporter import Exporter
from monitoring.exporter.point import Point
from monitoring.exporter.running import exporter_of
from monitoring.exporter.verification import Verification
from monitoring.exporter.watch import Watch
from tests.monitoring.exporter_county import ENVIRON

SUCCESS, SOURCE_NAMES = (
    "yizhan_exporter_source_success",
    ("board", "ledger", "presence", "certificates", "disk", "spool"),
)
_CHANGING = re.compile(
    rb"^(yizhan_disk_\w+\{department=\"(?:|civil)\"\}|yizhan_exporter_source_duration_seconds\{[^}]*\}) \S+$", re.M
)
_VERSION = re.compile(rb'(yizhan_node_info\{.*version=")[^"]*')


class Said(logging.Handler):
    """The lines of a log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@dataclass
class World:
    """One site, watched."""

    site: Path
    said: Said = field(default_factory=Said)

    def __post_init__(self) -> None:
        self.log = logging.Logger(f"exporter of {self.site.name}")
        self.log.addHandler(self.said)
        self.watch = Watch(self.site, ENVIRON)
        self.verification = Verification(self.watch, timedelta(hours=24), self.log, "zh")
        self.exporter: Exporter = exporter_of(self.watch, self.verification, self.log, "zh")

    def points(self) -> list[Point]:
        return self.exporter.points()

    def success(self) -> dict[str, float]:
        """What each collector came to, by its name."""
        return {one.labels[0]: one.value for one in self.points() if one.metric.name == SUCCESS}

    def value(self, name: str, *labels: str) -> float:
        """The one value of a series; labels in the metric's order."""
        (found,) = [one.value for one in self.points() if one.metric.name == name and one.labels == labels]
        return found

    def codes(self) -> list[str]:
        """Of the log's lines, `source=… code=…` or `source=… ok`, in order."""
        found = (re.search(r"source=\w+ (?:code=YZ-\d{4}|ok)", line) for line in self.said.lines)
        return [one[0] for one in found if one]


def wait_until(holds: Callable[[], bool]) -> None:
    """Within twenty seconds."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.01)


def all_but(*names: str) -> dict[str, float]:
    """Success of every collector but these."""
    return {name: float(name not in names) for name in SOURCE_NAMES}


def comparable(exposition: bytes) -> bytes:
    """Without what differs from machine to machine and from run to run."""
    return _VERSION.sub(rb"\1*", _CHANGING.sub(rb"\1 *", exposition))


def files(site: Path) -> dict[str, str]:
    """Every file and directory below a site with its content, but SQLite's own notes on who is reading."""
    found = (path for path in site.rglob("*") if not path.name.endswith(("-shm", "-wal")))
    return {str(path.relative_to(site)): _content(path) for path in found}


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"


def texts(points: Sequence[Point]) -> set[str]:
    """Every value of every label."""
    return {value for point in points for value in point.labels}
