"""The queue's rules, on a real directory, with real other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import EntryUnknown, SpoolFull, SpoolOccupied, SpoolUnavailable
from gateway.spool import EntryName, Spool, State
from tests.spool import scenarios

OTHER = "b" * 64


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def name(revision: int = 1, digest: str = "a" * 64) -> EntryName:
    return EntryName.of(feed="civil.dibao", period="2026-10", revision=revision, digest=digest)


def put(spool: Spool, which: EntryName) -> None:
    with spool.begin() as draft:
        draft.payload.write(b"payload")
        draft.commit(which, b"manifest", b"keys")


def child(code: str, root: Path) -> subprocess.Popen[str]:
    script = (
        f"import sys\nfrom pathlib import Path\nfrom gateway.spool import *\nspool = Spool(Path(sys.argv[1]))\n{code}"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", script, str(root)], **pipes, env=scenarios.ENV)


def test_an_entry_claimed_by_a_living_process_is_nobody_elses(spool: Spool, tmp_path: Path) -> None:
    put(spool, name())
    with child("claim = spool.claim()\nprint(claim.name, flush=True)\ninput()", tmp_path / "spool") as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == str(name())
        assert spool.claim() is None
        assert spool.recover() == []
        other.send_signal(signal.SIGKILL)
        other.wait()
        with spool.claim() as claim:
            assert claim.name == name()


def test_four_processes_draining_at_once_take_each_entry_once(spool: Spool, tmp_path: Path) -> None:
    for revision in range(1, 31):
        put(spool, name(revision))
    drain = "while claim := spool.claim():\n    print(claim.name)\n    spool.settle(claim, b'receipt')"
    children = [child(drain, tmp_path / "spool") for _ in range(4)]
    taken = [line for c in children for line in c.communicate()[0].split()]
    assert [c.returncode for c in children] == [0] * 4
    assert sorted(taken) == sorted(str(name(n)) for n in range(1, 31))
    assert [e.state for e in spool.entries()] == [State.DONE] * 30


def test_a_claim_let_go_undecided_returns_to_ready(spool: Spool) -> None:
    put(spool, name())
    with spool.claim():
        assert [e.state for e in spool.entries()] == [State.INFLIGHT]
    assert spool.recover() == [name()]
    assert [e.state for e in spool.entries()] == [State.READY]


def test_claims_come_in_the_order_of_revisions(spool: Spool) -> None:
    for revision in (10, 2, 1):
        put(spool, name(revision))
    taken = []
    while claim := spool.claim():
        taken.append(claim.name.revision)
        spool.settle(claim, b"receipt")
    assert taken == [1, 2, 10]


def test_a_named_claim_takes_that_entry_or_none(spool: Spool) -> None:
    put(spool, name(1))
    put(spool, name(2))
    with spool.claim(name(2)) as claim:
        assert claim.name.revision == 2
        assert spool.claim(name(2)) is None


def test_an_interrupted_settlement_shows_its_receipt_to_the_next_claim(spool: Spool) -> None:
    put(spool, name())
    with spool.claim() as claim:
        (claim.path / "receipt.p7s").write_bytes(b"receipt")
    with spool.claim() as claim:
        assert claim.receipt == b"receipt"
        assert spool.settle(claim, b"receipt").state is State.DONE


def test_putting_the_same_sealed_batch_again_changes_nothing(spool: Spool) -> None:
    put(spool, name())
    put(spool, name())
    assert [e.name for e in spool.entries()] == [name()]


@pytest.mark.parametrize("decide", ["wait", "settle"])
def test_another_seal_of_a_batch_id_that_waits_or_is_done_is_refused(spool: Spool, decide: str) -> None:
    put(spool, name())
    if decide == "settle":
        spool.settle(spool.claim(), b"receipt")
    with pytest.raises(SpoolOccupied) as refused:
        put(spool, name(digest=OTHER))
    assert refused.value.facts["batch"] == "civil.dibao/2026-10/r1"
    assert [e.name for e in spool.entries()] == [name()]
    assert spool.sweep() == 0


def test_a_buried_batch_may_be_sealed_anew_and_the_old_one_cannot_come_back_beside_it(spool: Spool) -> None:
    put(spool, name())
    spool.bury(spool.claim())
    put(spool, name(digest=OTHER))
    with pytest.raises(SpoolOccupied):
        spool.retry(name())
    assert [(e.state, e.name.mark[0]) for e in spool.entries()] == [(State.READY, "b"), (State.DEAD, "a")]


def test_retry_of_what_is_not_buried_is_refused(spool: Spool) -> None:
    put(spool, name())
    with pytest.raises(EntryUnknown):
        spool.retry(name())


def test_a_draft_that_is_left_or_whose_process_died_never_shows(spool: Spool, tmp_path: Path) -> None:
    with spool.begin() as draft:
        draft.payload.write(b"x")
    assert not list((tmp_path / "spool" / "partial").iterdir())
    code = "import os\ndraft = spool.begin()\ndraft.payload.write(b'x')\nos.kill(os.getpid(), 9)"
    child(code, tmp_path / "spool").wait()
    with spool.begin() as mine:
        assert spool.sweep() == 1
        mine.payload.write(b"y")
        mine.commit(name(), b"m", b"k")
    assert [e.state for e in spool.entries()] == [State.READY]


def test_a_full_disk_is_a_retry_and_nothing_shows(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(SpoolFull), spool.begin() as draft:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, draft.payload.fileno())  # the kernel itself answers ENOSPC from here on
        os.close(full)
        draft.payload.write(b"x")
    assert spool.entries() == []
    assert not list((tmp_path / "spool" / "partial").iterdir())


def test_a_spool_that_cannot_be_made_is_a_retry_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpoolUnavailable) as refused:
        Spool(tmp_path / "file" / "spool")
    assert refused.value.facts["errno"] == "ENOTDIR"


def test_entries_are_private(spool: Spool, tmp_path: Path) -> None:
    put(spool, name())
    modes = {p.stat().st_mode & 0o077 for p in (tmp_path / "spool").rglob("*")}
    assert modes == {0}


@pytest.mark.parametrize(
    ("damage", "file"),
    [
        (lambda path: (path / "payload").unlink(), "payload"),
        (lambda path: (path / "manifest.p7s").write_bytes(b""), "manifest.p7s"),
        (lambda path: (path / "notes.txt").write_bytes(b"x"), "notes.txt"),
        (lambda path: path.rename(path.with_name("strange")), "?"),
    ],
)
def test_fsck_names_a_damaged_entry(spool: Spool, damage: object, file: str) -> None:
    put(spool, name())
    assert not list(spool.faults())
    damage(spool.find(name()).path)
    (fault,) = spool.faults()
    assert fault.facts["file"] == file
    assert fault.facts["place"].startswith("ready/")


def test_done_without_its_receipt_is_a_fault(spool: Spool) -> None:
    scenarios.put(spool)
    scenarios.settle(spool)
    (spool.find(scenarios.NAME).path / "receipt.p7s").unlink()
    assert [f.facts["file"] for f in spool.faults()] == ["receipt.p7s"]
