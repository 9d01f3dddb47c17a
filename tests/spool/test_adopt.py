"""Taking a sealed batch over from another spool: links, once, wherever the entry goes afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.envelope.papers import Papers
from gateway.errors import EntryDamaged
from gateway.spool import Entry, EntryName, Spool, State

DIGEST = "ab" * 32
NAME = EntryName.of(feed="agri.village_finance", period="2026Q3", revision=1, digest=DIGEST)


@pytest.fixture
def inbox(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def upward(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "upward")


def put(spool: Spool, name: EntryName = NAME) -> Entry:
    with spool.begin() as draft:
        draft.payload.write(b"sealed")
        return draft.commit(name, b"manifest", b"keys", papers=Papers(release=b"release"))


def test_an_adopted_entry_is_the_same_files_under_a_second_name(inbox: Spool, upward: Spool) -> None:
    theirs = put(inbox)
    ours = upward.adopt(theirs)
    assert (ours.state, ours.name) == (State.READY, NAME)
    assert sorted(path.name for path in ours.path.iterdir()) == ["keys.p7m", "manifest.p7s", "payload", "release.p7s"]
    assert all(path.samefile(theirs.path / path.name) for path in ours.path.iterdir())


def test_a_receipt_of_ours_does_not_go_along(inbox: Spool, upward: Spool) -> None:
    put(inbox)
    claim = inbox.claim()
    assert claim
    done = inbox.settle(claim, b"receipt")
    assert upward.adopt(done).receipt is None


@pytest.mark.parametrize("state", [State.READY, State.INFLIGHT, State.DONE, State.DEAD])
def test_it_is_adopted_once_wherever_it_lies_by_then(inbox: Spool, upward: Spool, state: State) -> None:
    theirs = put(inbox)
    upward.adopt(theirs)
    claim = upward.claim()
    assert claim
    with claim:
        if state is State.DONE:
            upward.settle(claim, b"receipt")
        elif state is State.DEAD:
            upward.bury(claim)
        elif state is State.READY:
            upward.defer(claim)
        assert upward.adopt(theirs).state is state
        assert [entry.state for entry in upward.entries()] == [state]


def test_two_seals_of_one_batch_may_wait_to_go_up(inbox: Spool, upward: Spool, tmp_path: Path) -> None:
    other = EntryName.of(feed=NAME.feed, period=NAME.period, revision=1, digest="cd" * 32)
    upward.adopt(put(inbox))
    upward.adopt(put(Spool(tmp_path / "another"), other))
    assert [entry.name for entry in upward.entries(State.READY)] == [NAME, other]


@pytest.mark.parametrize("file", ["manifest.p7s", "keys.p7m", "payload"])
def test_an_entry_that_misses_a_file_is_not_adopted(inbox: Spool, upward: Spool, file: str) -> None:
    theirs = put(inbox)
    (theirs.path / file).unlink()
    with pytest.raises(EntryDamaged) as fault:
        upward.adopt(theirs)
    assert fault.value.facts["file"] == file
    assert upward.entries() == []
    assert upward.sweep() == 1
