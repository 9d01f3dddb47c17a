"""What a process does to a spool, written so that it can be killed anywhere and simply run again.

As a program: `python scenarios.py NAME DIR` runs scenario NAME once for n = 1, 2, ... in a process of its own, each on
a fresh spool DIR/<n>, and has that process SIGKILL itself just before its n-th step on the file system, until one
survives. Nothing of the spool is patched: the interpreter's profile hook reports each call into `posix`.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from gateway.spool import Claim, EntryName, Spool, State

STEPS = frozenset({"rename", "fsync", "mkdir", "unlink", "rmdir", "write", "open"})
MANIFEST, KEYS, RECEIPT, RELEASE = b"manifest bytes", b"key bytes", b"receipt bytes", b"release bytes"
PAYLOAD = bytes(range(256)) * 40
PIECE = 4_000
ENV = {"PYTHONPATH": str(Path(__file__).parents[2])}  # of child processes, wherever pytest was started
DIGEST = hashlib.sha256(MANIFEST).hexdigest()
NAME = EntryName.of(feed="finance.onecard", period="2026-10", revision=1, digest=DIGEST)


def nothing(spool: Spool) -> None:
    """No entry yet."""


def put(spool: Spool) -> None:
    """A front-end seals a batch, after clearing away what its predecessor left unfinished."""
    spool.sweep()
    with spool.begin() as draft:
        for start in range(0, len(PAYLOAD), PIECE):
            draft.payload.write(PAYLOAD[start : start + PIECE])
        draft.commit(NAME, MANIFEST, KEYS)


def upload(spool: Spool) -> None:
    """A centre takes an upload in, resuming from wherever it stands."""
    spool.sweep()
    arrival = spool.arrive(NAME, DIGEST, len(PAYLOAD), MANIFEST, KEYS)
    while arrival.offset < arrival.size:
        arrival.append(arrival.offset, PAYLOAD[arrival.offset : arrival.offset + PIECE])
    arrival.complete()


def settle(spool: Spool) -> None:
    """Claim, and settle with a receipt."""
    _decide(spool, lambda claim: spool.settle(claim, RECEIPT))


def defer(spool: Spool) -> None:
    """Claim, and put it back."""
    _decide(spool, spool.defer)


def bury(spool: Spool) -> None:
    """Claim, and give it up."""
    _decide(spool, spool.bury)


def put_and_bury(spool: Spool) -> None:
    """What `retry` starts from."""
    put(spool)
    bury(spool)


def retry(spool: Spool) -> None:
    """Take a buried batch up again."""
    for entry in spool.entries(State.DEAD):
        spool.retry(entry.name)


def put_held(spool: Spool) -> None:
    """A front-end seals a batch that will be reviewed."""
    spool.sweep()
    with spool.begin() as draft:
        draft.payload.write(PAYLOAD)
        draft.commit(NAME, MANIFEST, KEYS, state=State.HELD)


def hold(spool: Spool) -> None:
    """Claim, and put it before a reviewer."""
    _decide(spool, spool.hold)


def release(spool: Spool) -> None:
    """Endorse what is held, and let it go."""
    for entry in spool.entries(State.HELD):
        spool.endorse(entry.name, RELEASE)
        spool.release(entry.name)


def reject(spool: Spool) -> None:
    """Give up what is held."""
    for entry in spool.entries(State.HELD):
        spool.reject(entry.name)


def settle_again(spool: Spool) -> None:
    """A sealed batch that was done comes once more and is done again."""
    spool.sweep()
    settle(spool)


def put_done_and_upload(spool: Spool) -> None:
    """What `settle_again` starts from: the batch in done, and the same batch in ready."""
    put(spool)
    settle(spool)
    upload(spool)


def _decide(spool: Spool, decide: Callable[[Claim], object]) -> None:
    claim = spool.claim()
    if claim is not None:
        with claim:
            decide(claim)


# scenario -> (what happened before, what is killed)
SCENARIOS: dict[str, tuple[Callable[[Spool], None], Callable[[Spool], None]]] = {
    "put": (nothing, put),
    "upload": (nothing, upload),
    "settle": (put, settle),
    "defer": (put, defer),
    "bury": (put, bury),
    "retry": (put_and_bury, retry),
    "settle_again": (put_done_and_upload, settle_again),
    "put_held": (nothing, put_held),
    "hold": (put, hold),
    "release": (put_held, release),
    "reject": (put_held, reject),
}


def _die_at(last: int) -> None:
    seen = 0

    def watch(_frame: FrameType, what: str, called: object) -> None:
        nonlocal seen
        if what == "c_call" and getattr(called, "__module__", "") == "posix" and called.__name__ in STEPS:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def _run_and_die(before: Callable[[Spool], None], act: Callable[[Spool], None], root: Path, last: int) -> None:
    spool = Spool(root)
    before(spool)
    _die_at(last)
    act(spool)


def main() -> None:
    before, act = SCENARIOS[sys.argv[1]]
    deaths = 0
    while True:
        child = os.fork()
        if child == 0:
            _run_and_die(before, act, Path(sys.argv[2]) / str(deaths + 1), deaths + 1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise SystemExit("the scenario failed by itself")
        deaths += 1
    print(deaths)


if __name__ == "__main__":
    main()
