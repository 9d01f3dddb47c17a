"""The shared inbox itself, over a folder and over a bucket: what one receiver began another ends."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.envelope.papers import Papers
from gateway.errors import (
    EntryDamaged,
    EntryUnknown,
    InboxUnavailable,
    NotEntitled,
    OffsetMismatch,
    TooLarge,
    UploadIncomplete,
    UploadUnknown,
)
from gateway.inbox.contract import Claimed
from gateway.inbox.pieces import PIECE
from gateway.inbox.register import Register
from gateway.inbox.shared import SharedInbox
from gateway.spool import Spool, State
from tests.scale.stores import Place, arrive, folder_place, receiver, sealed, upload

Engines = Callable[[], Engine]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def here(engines: Engines, place: Place, region: str) -> SharedInbox:
    return receiver(engines(), place, region)


@pytest.fixture
def there(engines: Engines, place: Place, region: str) -> SharedInbox:
    """Another receiver: another process, as far as the store can tell."""
    return receiver(engines(), place, region)


def eventually(ask: Callable[[], Claimed | None]) -> Claimed:
    """The claim, as soon as there is one."""
    until = time.monotonic() + 10
    while (claim := ask()) is None:
        assert time.monotonic() < until, "nobody lets go of it"
        time.sleep(0.01)
    return claim


def test_an_upload_begun_at_one_receiver_ends_at_another(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(300_000)
    assert arrive(here, batch).append(0, batch.payload[:100_000]) == 100_000
    found = there.find(batch.digest)
    assert (found.name, found.refusal, found.upload.offset) == (batch.name, None, 100_000)
    assert found.upload.append(100_000, batch.payload[100_000:]) == 300_000
    there.complete(batch.digest)
    here.complete(batch.digest)  # again: the same
    assert (list(here.ready()), here.find(batch.digest).upload.offset) == ([batch.digest], 300_000)
    with here.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert (claim.manifest, claim.keys, payload.read()) == (batch.manifest, b"keys", batch.payload)


def test_only_one_of_two_writers_at_an_offset_counts(here: SharedInbox, there: SharedInbox, place: Place) -> None:
    batch = sealed(200_000)
    first, second = arrive(here, batch), arrive(there, batch)
    outcomes: list[object] = []
    together = threading.Barrier(2)

    def write(upload: object, data: bytes) -> None:
        together.wait()
        try:
            outcomes.append(upload.append(0, data))
        except OffsetMismatch as late:
            outcomes.append(late.code)

    writers = [
        threading.Thread(target=write, args=(first, batch.payload[:150_000])),
        threading.Thread(target=write, args=(second, batch.payload[:90_000])),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    reached = next(outcome for outcome in outcomes if isinstance(outcome, int))
    assert sorted(map(str, outcomes)) == sorted([str(reached), OffsetMismatch.code])
    assert first.offset == second.offset == reached
    second.append(reached, batch.payload[reached:])
    here.complete(batch.digest)
    with there.claim(batch.digest) as claim:
        with claim.open_payload() as payload:
            assert payload.read() == batch.payload
        claim.settle(b"receipt")
    with here.entries()[0].open_payload() as payload:  # and after what never counted was swept
        assert payload.read() == batch.payload
    assert {name.partition("/")[0] for name in place.names()} == {batch.digest}


def test_what_does_not_fit_is_refused_and_nothing_is_written(here: SharedInbox, place: Place) -> None:
    batch = sealed(1_000)
    arriving = arrive(here, batch)
    with pytest.raises(OffsetMismatch):
        arriving.append(1, b"x")
    with pytest.raises(TooLarge):
        arriving.append(0, batch.payload + b"x")
    with pytest.raises(UploadIncomplete):
        here.complete(batch.digest)
    with pytest.raises(UploadUnknown):
        here.find("0" * 64)
    assert (arriving.offset, list(place.names()), list(here.ready())) == (0, [], [])


def test_a_batch_without_a_payload_is_ready_at_once(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(0)
    arrive(here, batch)
    here.complete(batch.digest)
    with there.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert payload.read() == b""


def test_a_claim_is_one_receivers_alone_and_a_verdict_is_everyones(here: SharedInbox, there: SharedInbox) -> None:
    batch, refusal = sealed(10), NotEntitled(presented="department:civil", feed="civil.dibao")
    upload(here, batch)
    with here.claim(batch.digest) as claim:
        assert there.claim(batch.digest) is None
        assert here.claim(batch.digest) is None
        claim.bury(refusal)
    found = there.find(batch.digest)
    assert (type(found.refusal), found.refusal.code) == (NotEntitled, NotEntitled.code)
    assert [found.refusal.message(lang) for lang in ("zh", "en")] == [refusal.message(lang) for lang in ("zh", "en")]
    assert (found.upload, there.claim(batch.digest), list(there.ready())) == (None, None, [])


def test_a_claim_let_go_without_a_verdict_is_anothers(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(10)
    upload(here, batch)
    with here.claim(batch.digest):
        pass
    with there.claim(batch.digest) as claim:
        claim.settle(b"receipt")
    assert (here.claim(batch.digest), list(here.ready())) == (None, [])
    assert [(entry.place, entry.digest) for entry in here.entries()] == [(f"done/{batch.name}", batch.digest)]


def test_a_claim_whose_session_was_lost_is_anothers_and_its_verdict_comes_too_late(
    here: SharedInbox, there: SharedInbox, engines: Engines
) -> None:
    batch = sealed(10)
    upload(here, batch)
    end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with here.claim(batch.digest) as lost:
        with engines().connect() as stranger:
            stranger.exec_driver_sql(end)
        with eventually(lambda: there.claim(batch.digest)) as claim:
            claim.settle(b"receipt")
        lost.bury(NotEntitled(presented="x", feed="y"))
    assert (here.find(batch.digest).refusal, here.receipts(batch.digest)) == (None, (b"receipt",))


def test_a_refused_batch_that_comes_again_begins_anew(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(50_000)
    upload(here, batch)
    with here.claim(batch.digest) as claim:
        claim.bury(NotEntitled(presented="x", feed="y"))
    papers = Papers(release=b"release")
    arriving = arrive(there, batch, papers)
    assert (arriving.offset, here.find(batch.digest).refusal) == (0, None)
    arriving.append(0, batch.payload)
    here.complete(batch.digest)
    with here.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert (payload.read(), claim.papers) == (batch.payload, papers)


def test_papers_that_come_later_take_the_place_of_the_first(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(10)
    arrive(here, batch, Papers(nil=b"nil", release=b"first")).append(0, batch.payload)
    arrive(there, batch, Papers(release=b"second"))
    here.complete(batch.digest)
    with here.claim(batch.digest) as claim:
        assert claim.papers == Papers(nil=b"nil", release=b"second")


def test_a_settled_batch_that_comes_again_is_looked_at_again(here: SharedInbox, there: SharedInbox) -> None:
    batch = sealed(5_000)
    upload(here, batch)
    with here.claim(batch.digest) as claim:
        claim.settle(b"receipt")
    assert arrive(there, batch).offset == 5_000
    assert list(there.ready()) == [batch.digest]
    with there.claim(batch.digest) as claim:
        claim.settle(b"receipt")
    here.lighten(batch.digest)
    assert [entry.size for entry in here.entries()] == [None]
    assert arrive(there, batch).offset == 0  # its payload is gone, so it has to come again


def test_crumbs_are_merged_into_few_objects(here: SharedInbox, place: Place) -> None:
    batch = sealed(6_000)
    arriving = arrive(here, batch)
    for start in range(0, 6_000, 100):
        arriving.append(start, batch.payload[start : start + 100])
    assert len(place.names()) <= 7
    here.complete(batch.digest)
    with here.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert payload.read() == batch.payload


def test_a_long_payload_is_read_piece_by_piece_from_anywhere(here: SharedInbox, place: Place) -> None:
    batch = sealed(2 * PIECE + 12_345)
    upload(here, batch, pieces=2)
    assert len(place.names()) == 2
    with here.claim(batch.digest) as claim, claim.open_payload() as payload:
        step = len(batch.payload) // 2 + 1
        for start in (0, step - 5, step - 1, step, len(batch.payload) - 7, 3):
            payload.seek(start)
            assert payload.read(20) == batch.payload[start : start + 20]
        assert payload.seek(0, io.SEEK_END) == len(batch.payload)
        payload.seek(0)
        assert payload.read() == batch.payload


def test_a_piece_that_is_lost_is_damage_and_never_a_shorter_payload(here: SharedInbox, place: Place) -> None:
    batch = sealed(2 * PIECE)
    upload(here, batch, pieces=2)
    place.remove(sorted(place.names())[1])
    with here.claim(batch.digest) as claim, claim.open_payload() as payload, pytest.raises(EntryDamaged):
        payload.read()


def test_pieces_that_never_counted_are_swept(here: SharedInbox, place: Place) -> None:
    batch, lost = sealed(1_000), sealed(10)
    upload(here, batch)
    place.objects.put(f"{batch.digest}/{0:020}-9-deadbeef", os.urandom(9))
    place.objects.put(f"{lost.digest}/{0:020}-9-deadbeef", os.urandom(9))
    assert len(place.names()) == 3
    with here.claim(batch.digest) as claim:
        claim.settle(b"receipt")
    assert len(place.names()) == 2
    here.take_up(LONG_AGO)
    assert len(place.names()) == 2  # it is young: its receiver may be about to count it
    here.take_up(datetime.now(UTC) + timedelta(minutes=1))
    assert [name.partition("/")[0] for name in place.names()] == [batch.digest]


def test_a_payload_whose_removal_was_cut_off_is_removed_when_a_receiver_starts(
    here: SharedInbox, there: SharedInbox, place: Place, engines: Engines, region: str
) -> None:
    batch, other = sealed(1_000), sealed(20)
    for one in (batch, other):
        upload(here, one)
    with here.claim(batch.digest) as claim:
        claim.settle(b"receipt")
    Register(engine=engines(), region=region).give_up_pieces(batch.digest)
    assert len(place.names()) == 2
    there.take_up(datetime.now(UTC) + timedelta(minutes=1))
    assert [name.partition("/")[0] for name in place.names()] == [other.digest]
    there.lighten(batch.digest)
    (entry,) = there.entries(State.DONE)
    assert (entry.digest, entry.size) == (batch.digest, None)


def test_an_upload_to_which_nothing_was_added_is_given_up(here: SharedInbox, there: SharedInbox, place: Place) -> None:
    young, ready = sealed(10), sealed(20)
    arrive(here, young).append(0, young.payload[:5])
    upload(here, ready)
    assert list(there.take_up(LONG_AGO).waiting) == [ready.digest]
    assert here.find(young.digest).upload.offset == 5
    taken = there.take_up(datetime.now(UTC) + timedelta(minutes=1))
    assert list(taken.waiting) == [ready.digest]
    with pytest.raises(UploadUnknown):
        here.find(young.digest)
    assert [name.partition("/")[0] for name in place.names()] == [ready.digest]


def test_a_place_that_does_not_hold_what_was_received_is_not_used(here: SharedInbox, place: Place) -> None:
    upload(here, sealed(10))
    for name in place.names():
        place.remove(name)
    with pytest.raises(InboxUnavailable):
        here.take_up(LONG_AGO)


def test_a_folder_that_is_not_there_is_not_made(engines: Engines, tmp_path: Path, region: str) -> None:
    inbox = receiver(engines(), folder_place(tmp_path / "unmounted"), region)
    with pytest.raises(InboxUnavailable):
        inbox.take_up(LONG_AGO)
    assert not (tmp_path / "unmounted").exists()


def test_what_is_only_carried_is_kept_and_settled_by_a_receipt_from_above(
    here: SharedInbox, there: SharedInbox, tmp_path: Path
) -> None:
    batch = sealed(70_000)
    upload(here, batch)
    with here.claim(batch.digest) as claim:
        claim.carry()
    assert (there.claim(batch.digest), there.receipts(batch.digest)) == (None, ())
    (kept,) = there.kept()
    upward = Spool(tmp_path / "upward")
    kept.put_into(upward)
    (copied,) = upward.entries(State.READY)
    assert (copied.name, copied.manifest, copied.keys) == (batch.name, batch.manifest, b"keys")
    assert copied.payload.read_bytes() == batch.payload
    for _ in range(2):
        there.keep_receipt(batch.digest, "hengyang", b"first")
        there.keep_receipt(batch.digest, "hunan", b"second")
    assert here.receipts(batch.digest) == (b"first", b"second")
    (entry,) = here.entries(State.DONE)
    assert sorted(entry.files) == ["keys.p7m", "manifest.p7s", "receipt-hunan.p7s", "receipt.p7s"]
    with pytest.raises(EntryUnknown):
        here.keep_receipt("0" * 64, "hunan", b"third")
