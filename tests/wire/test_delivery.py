"""Submitting, uploading, resuming, and asking for the receipt, over real TLS on the loopback."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from gateway.errors import (
    Conflict,
    NotEntitled,
    PayloadChanged,
    PeerRefused,
    PeerUnavailable,
    ReceiptPending,
    SpoolFull,
    UploadLost,
)
from gateway.keys.tls import client_context
from gateway.transport import CentreClient, Opened, Patience, Receipted
from tests.wire.world import NOW, CentreProcess, CuttingLine, World, make_batch, make_client, wait_until


def test_a_batch_is_delivered_and_its_receipt_comes_back(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch, seen = make_batch(tmp_path, 3_000_001), []
    with make_client(world.ring("finance"), centre.port) as client:
        receipt = client.deliver(batch.manifest, b"keys", batch.payload, lambda done, size: seen.append((done, size)))
    assert receipt == batch.receipt
    assert centre.stored(batch.digest) == batch.content
    assert centre.stored(batch.digest, "keys") == b"keys"
    assert seen[-1] == (3_000_001, 3_000_001)


def test_the_same_batch_again_gives_the_receipt_without_an_upload(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 1000)
    with make_client(world.ring("finance"), centre.port) as client:
        first = client.deliver(batch.manifest, b"keys", batch.payload)
        assert client.submit(batch.manifest, b"keys") == Receipted(receipt=first)
        assert client.deliver(batch.manifest, b"keys", tmp_path / "gone") == first


def test_a_batch_without_payload_is_loaded_at_once(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 0)
    with make_client(world.ring("finance"), centre.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt


def test_a_line_cut_twice_mid_way_is_resumed_from_what_is_on_disk(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 8_000_000)
    line = CuttingLine(centre.port, [2_500_000, 3_000_000])
    try:
        with make_client(world.ring("finance"), line.port) as client:
            receipt = client.deliver(batch.manifest, b"keys", batch.payload)
    finally:
        line.close()
    assert line.broken == 2
    assert receipt == batch.receipt
    received = [int(n) for n in re.findall(rf"PATCH /v1/uploads/{batch.digest} .* bytes=(\d+)", centre.log())]
    assert len(received) == 3
    assert sum(received) == 8_000_000, "what arrived once must not be sent again"


def test_a_line_that_never_holds_is_given_up_after_the_allowed_attempts(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch, pauses = make_batch(tmp_path, 100_000), []
    line = CuttingLine(centre.port, [100] * 50)
    client = CentreClient(
        centre="changning",
        url=f"https://127.0.0.1:{line.port}",
        tls=client_context(world.ring("finance"), "changning", lambda: NOW),
        clock=lambda: NOW,
        patience=Patience(attempts=4, first=1, most=3),
        sleep=pauses.append,
    )
    try:
        with client, pytest.raises(PeerUnavailable):
            client.deliver(batch.manifest, b"keys", batch.payload)
    finally:
        line.close()
    assert pauses == [1, 2, 3]
    assert line.broken == 4


def test_a_centre_that_is_down_is_a_retry(world: World, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 10)
    with make_client(world.ring("finance"), 1) as client, pytest.raises(PeerUnavailable) as fault:
        client.submit(batch.manifest, b"keys")
    assert fault.value.exit_code == 75


def test_another_departments_feed_is_refused_with_the_centres_code(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 10)
    with make_client(world.ring("civil"), centre.port) as client, pytest.raises(PeerRefused) as fault:
        client.submit(batch.manifest, b"keys")
    assert fault.value.facts["peer_code"] == NotEntitled.code
    assert "无权报送" in fault.value.message("zh")
    assert "department:civil may not send" in fault.value.message("en")


def test_a_batch_refused_when_loaded_gives_the_refusals_code_instead_of_a_receipt(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 10, fate="refused")
    with make_client(world.ring("finance"), centre.port) as client, pytest.raises(PeerRefused) as fault:
        client.deliver(batch.manifest, b"keys", batch.payload)
    assert fault.value.facts["peer_code"] == Conflict.code


def test_a_load_that_cannot_be_done_now_is_done_later(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 10, fate="busy once")
    with make_client(world.ring("finance"), centre.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
    assert f"load of {batch.digest} put off: {SpoolFull.code}" in centre.log()


def test_a_hand_over_that_failed_after_the_last_byte_is_asked_for_again(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 100_000, fate="full once")
    with make_client(world.ring("finance"), centre.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
    received = re.findall(rf"PATCH /v1/uploads/{batch.digest} (\d+) .* bytes=(\d+)", centre.log())
    assert received == [("507", "100000"), ("204", "0")]


def test_a_receipt_that_takes_too_long_is_left_to_the_next_run(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 10, fate="defect", words="x")
    patience = Patience(receipt=0.3, hold=1)
    with make_client(world.ring("finance"), centre.port, patience=patience) as client, pytest.raises(ReceiptPending):
        client.deliver(batch.manifest, b"keys", batch.payload)


def test_the_receipt_is_held_for_until_the_load_is_over(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 10, seconds=0.4)
    with make_client(world.ring("finance"), centre.port) as client:
        started = time.monotonic()
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
        assert time.monotonic() - started < 1, "the client must be woken, not poll by the second"


def test_a_payload_of_another_size_is_not_sent(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 100)
    batch.payload.write_bytes(b"short")
    with make_client(world.ring("finance"), centre.port) as client, pytest.raises(PayloadChanged):
        client.deliver(batch.manifest, b"keys", batch.payload)
    assert centre.stored(batch.digest) == b""


def test_an_upload_the_centre_forgot_is_to_be_submitted_again(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 3_000_000)
    line = CuttingLine(centre.port, [1])
    opened = Opened(digest=batch.digest, batch="x", offset=0, size=3_000_000)
    try:
        with make_client(world.ring("finance"), line.port) as client, pytest.raises(UploadLost):
            client.upload(opened, batch.payload)
    finally:
        line.close()


def test_a_batch_the_centre_forgot_between_two_requests_is_submitted_again(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 1000, fate="lost once")
    with make_client(world.ring("finance"), centre.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
    path = f"/v1/uploads/{batch.digest}"
    assert re.findall(rf"PATCH {path} (\d+)", centre.log()) == ["404", "204"]


def test_a_receipt_of_a_batch_the_centre_does_not_know_is_no_refusal(world: World, centre: CentreProcess) -> None:
    with make_client(world.ring("finance"), centre.port) as client, pytest.raises(UploadLost):
        client.receipt("0" * 64)


def test_a_killed_centre_keeps_what_was_on_disk_and_the_upload_goes_on(
    own_world: World, own_centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 12_000_000)
    line = CuttingLine(own_centre.port, [5_000_000])
    once = Patience(attempts=1)
    with make_client(own_world.ring("finance"), line.port, patience=once) as client, pytest.raises(PeerUnavailable):
        client.deliver(batch.manifest, b"keys", batch.payload)
    wait_until(lambda: len(own_centre.stored(batch.digest)) > 1_000_000)
    own_centre.kill()
    line.close()
    kept = len(own_centre.stored(batch.digest))
    assert kept < 5_000_000
    own_centre.start()
    with make_client(own_world.ring("finance"), own_centre.port) as client:
        opened = client.submit(batch.manifest, b"keys")
        assert isinstance(opened, Opened)
        assert opened.offset == kept
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt


def test_a_load_cut_short_by_a_kill_is_done_at_the_next_start(
    own_world: World, own_centre: CentreProcess, tmp_path: Path
) -> None:
    batch = make_batch(tmp_path, 10, seconds=0.7)
    with make_client(own_world.ring("finance"), own_centre.port) as client:
        opened = client.submit(batch.manifest, b"keys")
        assert isinstance(opened, Opened)
        client.upload(opened, batch.payload)
    own_centre.kill()
    assert not (own_centre.directory / "inbox" / batch.digest / "receipt").exists()
    own_centre.start()
    with make_client(own_world.ring("finance"), own_centre.port) as client:
        assert client.receipt(batch.digest) == batch.receipt


def test_a_stopped_centre_finishes_the_running_load_and_begins_no_other(
    own_world: World, own_centre: CentreProcess, tmp_path: Path
) -> None:
    running, queued = make_batch(tmp_path, 10, seconds=0.8), make_batch(tmp_path, 10, seconds=0.8)
    with make_client(own_world.ring("finance"), own_centre.port) as client:
        for batch in (running, queued):
            opened = client.submit(batch.manifest, b"keys")
            assert isinstance(opened, Opened)
            client.upload(opened, batch.payload)
    assert own_centre.terminate() == 0
    assert own_centre.stored(running.digest, "receipt") == running.receipt
    assert not (own_centre.directory / "inbox" / queued.digest / "receipt").exists()


def test_loads_run_one_at_a_time(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batches = [make_batch(tmp_path, 10, seconds=0.3) for _ in range(3)]
    receipts: dict[str, bytes] = {}

    def deliver(index: int) -> None:
        with make_client(world.ring("finance"), centre.port) as client:
            batch = batches[index]
            receipts[batch.digest] = client.deliver(batch.manifest, b"keys", batch.payload)

    started = time.monotonic()
    threads = [threading.Thread(target=deliver, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 0.9
    assert receipts == {batch.digest: batch.receipt for batch in batches}
