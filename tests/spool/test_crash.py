"""Power of the promise: a process killed before any step on the file system loses nothing and doubles nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.spool import Spool, State
from tests.spool import scenarios

ENDS = {
    "put": [State.READY],
    "upload": [State.READY],
    "settle": [State.DONE],
    "defer": [State.READY],
    "bury": [State.DEAD],
    "retry": [State.READY],
    "settle_again": [State.DONE],
    "put_held": [State.HELD],
    "hold": [State.HELD],
    "release": [State.READY],
    "reject": [State.DEAD],
}


def sweep_kills(scenario: str, where: Path) -> list[Path]:
    """Roots of the spools whose process was killed, one for each step it could be killed at."""
    script = [sys.executable, scenarios.__file__, scenario, str(where)]
    done = subprocess.run(script, check=True, capture_output=True, text=True, env=scenarios.ENV)
    return [where / str(n) for n in range(1, int(done.stdout) + 1)]


@pytest.mark.parametrize("scenario", ENDS)
def test_killed_before_any_step_and_run_again_it_ends_as_if_never_killed(scenario: str, tmp_path: Path) -> None:
    roots = sweep_kills(scenario, tmp_path)
    assert len(roots) >= 4
    for root in roots:
        spool = Spool(root)
        scenarios.SCENARIOS[scenario][1](spool)
        spool.sweep()
        assert [e.state for e in spool.entries()] == ENDS[scenario], root
        entry = spool.find(scenarios.NAME)
        assert (entry.manifest, entry.keys) == (scenarios.MANIFEST, scenarios.KEYS)
        assert entry.payload.read_bytes() == scenarios.PAYLOAD
        assert not list(spool.faults())
        assert not list((root / "partial").iterdir())


@pytest.mark.parametrize("scenario", ["settle", "defer", "bury", "retry", "hold", "release", "reject"])
def test_at_no_instant_is_an_entry_lost_doubled_or_half_written(scenario: str, tmp_path: Path) -> None:
    for root in sweep_kills(scenario, tmp_path):
        spool = Spool(root)
        (entry,) = spool.entries()
        assert entry.payload.read_bytes() == scenarios.PAYLOAD
        assert entry.receipt in (None, scenarios.RECEIPT)
        assert not list(spool.faults())


@pytest.mark.parametrize("scenario", ["put", "upload"])
def test_a_batch_shows_in_ready_only_when_it_is_whole(scenario: str, tmp_path: Path) -> None:
    shown = 0
    for root in sweep_kills(scenario, tmp_path):
        for entry in Spool(root).entries(State.READY):
            shown += 1
            assert entry.payload.read_bytes() == scenarios.PAYLOAD
            assert (entry.manifest, entry.keys) == (scenarios.MANIFEST, scenarios.KEYS)
    assert shown > 0


def test_at_no_instant_is_a_held_batch_ready_without_its_release(tmp_path: Path) -> None:
    shown = 0
    for root in sweep_kills("release", tmp_path):
        for entry in Spool(root).entries(State.READY):
            shown += 1
            assert entry.papers.release == scenarios.RELEASE
    assert shown > 0
