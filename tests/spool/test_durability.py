"""Order of the steps that make a move survive a power cut, seen from outside through the interpreter's profile hook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from gateway.spool import Spool
from tests.spool import scenarios


@contextmanager
def watched(root: Path) -> Iterator[list[tuple[str, str]]]:
    """Every rename and fsync, in order: (step, path below root); directories end in a slash."""
    steps: list[tuple[str, str]] = []

    def named(frame: FrameType, what: str, called: object) -> None:
        if what != "c_call" or getattr(called, "__module__", "") != "posix":
            return
        if called.__name__ == "fsync":
            here = frame.f_locals
            held = here["handle"] if "handle" in here else here["self"].fileno()
            path = Path(f"/proc/self/fd/{held}").readlink()
            steps.append(("fsync", str(path.relative_to(root))))
        elif called.__name__ == "rename":
            target = frame.f_locals["target"]
            steps.append(("rename", str(Path(target).relative_to(root))))

    sys.setprofile(named)
    try:
        yield steps
    finally:
        sys.setprofile(None)


def test_put_syncs_every_file_and_its_directory_before_the_rename_and_both_parents_after(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    with watched(tmp_path / "spool") as steps:
        scenarios.put(spool)
    renamed = steps.index(("rename", f"ready/{scenarios.NAME}"))
    before = {Path(path).name for step, path in steps[:renamed] if step == "fsync"}
    assert {"manifest.p7s", "keys.p7m", "payload"} < before
    assert any(name.startswith("draft-") for name in before)
    assert steps[renamed + 1 : renamed + 3] == [("fsync", "ready"), ("fsync", "partial")]


@pytest.mark.parametrize(
    ("act", "state"), [(scenarios.settle, "done"), (scenarios.bury, "dead"), (scenarios.defer, "ready")]
)
def test_every_move_syncs_both_directories(act: Callable[[Spool], None], state: str, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    scenarios.put(spool)
    with watched(tmp_path / "spool") as steps:
        act(spool)
    moved = steps.index(("rename", f"{state}/{scenarios.NAME}"))
    assert steps[moved + 1 : moved + 3] == [("fsync", state), ("fsync", "inflight")]


def test_the_receipt_is_on_the_disk_before_the_entry_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    scenarios.put(spool)
    with watched(tmp_path / "spool") as steps:
        scenarios.settle(spool)
    here = f"inflight/{scenarios.NAME}"
    moved = steps.index(("rename", f"done/{scenarios.NAME}"))
    receipt = steps.index(("rename", f"{here}/receipt.p7s"))
    assert steps[receipt - 1][0] == "fsync"
    assert steps[receipt - 1][1].startswith(f"{here}/.receipt.p7s.")
    assert steps[receipt + 1] == ("fsync", here)
    assert receipt < moved


def test_an_upload_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    arrival = spool.arrive(scenarios.NAME, scenarios.DIGEST, 3, b"m", b"k")
    with watched(tmp_path / "spool") as steps:
        arrival.append(0, b"abc")
    assert steps == [("fsync", f"partial/{arrival.path.name}/payload")]
    assert (arrival.path / "payload").stat().st_mode & 0o077 == 0
