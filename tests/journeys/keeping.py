"""A node some time later: its rooms with the clock at another moment, and what is asked of its archives."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from gateway.app import open_node
from gateway.app.check import check_node
from gateway.app.keeping import archivist_of, retention_of
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.archive.retention import Kind, Plan, plan, purge
from gateway.archive.writing import Written, write
from gateway.calendar import ASIA_SHANGHAI
from tests.journeys.account import written
from tests.journeys.world import ROOT

_PLAIN = {k: v for k, v in os.environ.items() if not k.startswith("YIZHAN_")} | {"PYTHONUTF8": "1"}


def in_days(days: int) -> str:
    """A moment so many days from now, for YIZHAN_NOW."""
    return (datetime.now(ASIA_SHANGHAI) + timedelta(days=days)).isoformat(timespec="seconds")


def node_in(site: Path, days: int) -> FrontEnd | CentreNode:
    """The node, with its clock that many days ahead."""
    return open_node(site, {"YIZHAN_NOW": in_days(days)})


def archive_in(site: Path, days: int) -> Written:
    """Archive what is settled, that many days from now."""
    return write(archivist_of(node_in(site, days)), None)


def purge_in(site: Path, days: int, *kinds: Kind) -> Plan:
    """Purge all that may go, that many days from now."""
    node = node_in(site, days)
    archivist = archivist_of(node)
    found = plan(archivist, site / "log", retention_of(node), kinds or tuple(Kind), None)
    for victim in found.victims:
        purge(archivist, victim)
    return found


def fsck_in(site: Path, days: int) -> list[tuple[str, dict[str, object]]]:
    """Code and facts of every fault that fsck finds, that many days from now."""
    return [(fault.code, fault.facts) for fault in check_node(node_in(site, days))]


def run_in(site: Path, days: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command at a site, that many days from now."""
    environ = _PLAIN | {"YIZHAN_NOW": in_days(days), "YIZHAN_SITE": str(site)}
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def count(site: Path, event: str) -> int:
    """How many lines of a kind the ledger has."""
    return sum(line.event == event for line in written(site))
