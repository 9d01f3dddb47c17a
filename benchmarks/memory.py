"""Peak memory and speed of one big feed, from its real source to its verified receipt.

    python -m benchmarks.memory --rows 2000000 [--feed finance.onecard|civil.dibao|agri.village_finance|all] [--dir D]

Each feed gets a county of its own in a temporary directory: the department's real server, the centre and the front-end
are the processes that `yizhan demo` runs. The peak is the kernel's own (`VmHWM` of /proc/PID/status), the seconds come
from the two ledgers. Reports and never asserts; the servers it started are stopped by their process ids.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.tables import table
from gateway.app import open_node
from gateway.demo.county import County
from gateway.demo.rehearsal import Volume, prepare, set_up
from gateway.demo.servers import Servers
from gateway.envelope.report import Files, inspect
from gateway.ledger import EventKind, Line
from gateway.spool import Entry, State

FEEDS = {"finance.onecard": "onecard", "civil.dibao": "dibao", "agri.village_finance": "vouchers"}
_EVERY = 0.02
_LIMIT = re.compile(r"(\n\s+limits:\s+\{rows:\s+)\d+")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_HEADINGS = (
    "feed", "rows", "sealed MB", "collect s", "upload s", "load s", "total s", "rows/s", "front-end MB", "centre MB",
)  # fmt: skip


class Peak:
    """The highest resident size of one process, in bytes; 0 before the first look."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.bytes = 0

    def look(self) -> None:
        """The kernel keeps the peak, so only what grows in the last moment of a process can be missed."""
        try:
            found = _PEAK.search(self._status.read_text(encoding="utf-8"))
        except (FileNotFoundError, ProcessLookupError):
            return
        if found:
            self.bytes = max(self.bytes, int(found[1]) * 1024)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One feed's journey: `rows` as extracted, `sealed` in bytes of the payload, peaks in bytes, times in seconds."""

    feed: str
    rows: int
    sealed: int
    collect: float
    upload: float
    load: float
    front_end: int
    centre: int

    @property
    def total(self) -> float:
        """From the front-end's start to its verified receipt."""
        return self.collect + self.upload + self.load

    def cells(self) -> tuple[str, ...]:
        """As the table shows it: MB are 10^6 bytes."""
        return (
            self.feed, f"{self.rows:,}", _mb(self.sealed), f"{self.collect:.1f}", f"{self.upload:.1f}",
            f"{self.load:.1f}", f"{self.total:.1f}", f"{self.rows / self.total:,.0f}",
            _mb(self.front_end), _mb(self.centre),
        )  # fmt: skip


def measure(feed: str, rows: int, root: Path) -> Measured:
    """One feed of `rows` rows in a county made for it below `root`."""
    county = prepare(root)
    with Servers(county.sources / "log") as servers:
        volume = Volume(**{name: rows if name == FEEDS[feed] else 0 for name in FEEDS.values()})
        set_up(county, servers, at=datetime.now(UTC), volume=volume, tell=lambda zh, en: _say(en))
        site = county.front_end(_owner(county, feed))
        _allow(site, feed, rows)
        centre = Peak(servers.pids["centre"])
        started = datetime.now(UTC)
        front_end = _run(site, feed, centre)
    return _told(feed, started, county, site, front_end.bytes, centre.bytes)


def _owner(county: County, feed: str) -> str:
    """The department whose front-end runs the feed."""
    return open_node(county.centre, os.environ).catalogue.feed(feed).department


def _allow(site: Path, feed: str, rows: int) -> None:
    """The sample's limits are an office's; this feed may be as long as it is here."""
    path = site / "catalogue" / "feeds" / f"{feed}.yaml"
    path.write_text(_LIMIT.sub(rf"\g<1>{rows}", path.read_text(encoding="utf-8")), encoding="utf-8")


def _run(site: Path, feed: str, centre: Peak) -> Peak:
    """`yizhan run FEED` to its end, looking at both processes all the while."""
    command = [sys.executable, "-m", "gateway", "--site", str(site), "--lang", "en", "run", feed]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        front_end = Peak(child.pid)
        while child.poll() is None:
            front_end.look()
            centre.look()
            time.sleep(_EVERY)
    centre.look()
    if child.returncode:
        sys.exit(f"memory.py: the front-end ended with exit code {child.returncode}; its words are above")
    return front_end


def _told(feed: str, started: datetime, county: County, site: Path, front_end: int, centre: int) -> Measured:
    """What the ledgers and the sealed batch say of the journey."""
    own, theirs = open_node(site, os.environ), open_node(county.centre, os.environ)
    (entry,) = own.spool.entries(State.DONE)
    sealed = _moment(own.ledger.lines(), EventKind.SEALED)
    accepted = _moment(theirs.ledger.lines(), EventKind.LOADED)
    receipted = _moment(own.ledger.lines(), EventKind.RECEIPTED)
    size, rows = _sealed(entry)
    return Measured(
        feed=feed,
        rows=rows,
        sealed=size,
        collect=(sealed - started).total_seconds(),
        upload=(accepted - sealed).total_seconds(),
        load=(receipted - accepted).total_seconds(),
        front_end=front_end,
        centre=centre,
    )


def _moment(lines: Iterator[Line], kind: EventKind) -> datetime:
    return next(line.moment for line in lines if line.event == kind.value)


def _sealed(entry: Entry) -> tuple[int, int]:
    manifest = inspect(Files(manifest=entry.manifest)).manifest
    if manifest is None:
        sys.exit("memory.py: the sealed batch has no manifest")
    return manifest.payload.size, manifest.extracted.rows


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"


def _say(word: str) -> None:
    print(word, file=sys.stderr)


def main(arguments: list[str] | None = None) -> None:
    """Prints the table on stdout when every feed has been measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--feed", choices=(*FEEDS, "all"), default="all")
    parser.add_argument("--dir", type=Path, help="where the counties are made and removed again; else the usual /tmp")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped then, too
    lines: list[tuple[str, ...]] = [_HEADINGS]
    for feed in FEEDS if given.feed == "all" else (given.feed,):
        with tempfile.TemporaryDirectory(prefix="yizhan-memory-", dir=given.dir) as root:
            _say(f"{feed}: {given.rows:,} rows below {root}")
            lines.append(measure(feed, given.rows, Path(root)).cells())
    print(table(lines))


if __name__ == "__main__":
    main()
