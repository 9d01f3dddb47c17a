"""A bucket as the inbox: writes that fail, answers that are lost, and three receivers over it.

The bucket is moto's, reached over HTTP: it speaks S3's protocol and stands in for an object store.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.errors import InboxUnavailable
from tests.journeys.hatchery import Hatchery
from tests.peers.daemons import free_port
from tests.peers.objects import KEY, REGION, SECRET, ObjectStore
from tests.peers.postgres import Postgres
from tests.scale.batches import periods, sow
from tests.scale.county import FEEDS, Centre, centre
from tests.scale.faulty import Fate, Faulty, faulty
from tests.scale.stores import Place, arrive, bucket_place, receiver, sealed

_numbers = itertools.count()
EVER = 100


@pytest.fixture
def line(store: ObjectStore) -> Iterator[Faulty]:
    with faulty(store.port) as proxy:
        yield proxy


@pytest.fixture
def place(store: ObjectStore, line: Faulty) -> Place:
    name = f"faulty-{next(_numbers)}"
    store.create_bucket(name)
    return bucket_place(store, name, line.url)


def test_a_piece_that_cannot_be_put_counts_nothing_and_goes_up_again(
    engines: Callable[[], Engine], place: Place, line: Faulty, region: str
) -> None:
    batch, inbox = sealed(90_000), receiver(engines(), place, region)
    arriving = arrive(inbox, batch)
    arriving.append(0, batch.payload[:30_000])
    line.fates += [Fate.REFUSED] * EVER
    with pytest.raises(InboxUnavailable):
        arriving.append(30_000, batch.payload[30_000:])
    assert line.writes > 2  # the first piece, and more than one attempt at the second
    assert (arriving.offset, len(place.names())) == (30_000, 1)
    line.fates.clear()
    arriving.append(30_000, batch.payload[30_000:])
    inbox.complete(batch.digest)
    with inbox.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert payload.read() == batch.payload


def test_a_put_whose_answer_is_lost_counts_once(
    engines: Callable[[], Engine], place: Place, line: Faulty, region: str
) -> None:
    batch, inbox = sealed(50_000), receiver(engines(), place, region)
    line.fates += [Fate.UNHEARD]
    assert arrive(inbox, batch).append(0, batch.payload) == 50_000  # it is put again: the same object, the same bytes
    assert (line.writes, len(place.names())) == (2, 1)
    inbox.complete(batch.digest)
    with inbox.claim(batch.digest) as claim, claim.open_payload() as payload:
        assert payload.read() == batch.payload


def test_a_put_whose_answers_are_all_lost_is_not_counted_and_is_swept(
    engines: Callable[[], Engine], place: Place, line: Faulty, region: str
) -> None:
    batch, inbox = sealed(50_000), receiver(engines(), place, region)
    arriving = arrive(inbox, batch)
    line.fates += [Fate.UNHEARD] * EVER
    with pytest.raises(InboxUnavailable):
        arriving.append(0, batch.payload)
    assert (arriving.offset, len(place.names())) == (0, 1)
    line.fates.clear()
    arriving.append(0, batch.payload)
    inbox.complete(batch.digest)
    assert len(place.names()) == 2
    with inbox.claim(batch.digest) as claim:
        with claim.open_payload() as payload:
            assert payload.read() == batch.payload
        claim.settle(b"receipt")
    assert len(place.names()) == 1


def test_a_store_that_is_down_or_has_no_such_bucket_is_unavailable_and_says_so(store: ObjectStore) -> None:
    nowhere = bucket_place(store, "nowhere-at-all")
    silent = bucket_place(store, "any", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(InboxUnavailable) as missing:
        nowhere.objects.folders()
    with pytest.raises(InboxUnavailable) as down:
        silent.objects.folders()
    assert "no such folder or bucket" in missing.value.message("en")
    assert "cannot be reached" in down.value.message("en")
    said = f"{missing.value} {down.value} {nowhere.objects!r}"
    assert KEY not in said
    assert SECRET not in said


@pytest.fixture
def shared(tmp_path: Path, store: ObjectStore, database_server: Postgres, hatchery: Hatchery) -> Iterator[Centre]:
    bucket, root = f"county-{next(_numbers)}", tmp_path / "county"
    root.mkdir()
    store.create_bucket(bucket)
    place = {"key": "file:secrets/key", "secret": "file:secrets/secret", "region": REGION, "endpoint_url": store.url}
    inbox = {"url": f"s3://{bucket}/changning", "options": place, "look_seconds": 0.4}
    with centre(root, database_server, hatchery, inbox, receivers=2) as running:
        yield running


def test_batches_arrive_through_a_bucket_while_a_receiver_dies(shared: Centre, store: ObjectStore) -> None:
    months = {feed: periods(feed) for feed in FEEDS}
    sown = [
        sow(shared.front_end(feed), feed, next(months[feed]), text=4 if number else 9_000)
        for feed in FEEDS
        for number in range(3)
    ]
    with ThreadPoolExecutor() as clients:
        receipts = [clients.submit(shared.deliver, one) for one in sown]
        shared.receivers[0].kill()
        shared.receivers[0].start()
        assert all(each.result(60) for each in receipts)
    shared.assert_loaded_once(sown)
    shared.sound()
