"""The nginx that ends mutual TLS before a centre, as it is shipped: what passes, as it came, and what it keeps."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.attestation import verify
from gateway.errors import YizhanError
from gateway.presence import http_date
from tests.deploy.world import Behind, asked
from tests.peers.edge import CONFIGURATION
from tests.wire.world import (
    NOW,
    CuttingLine,
    ask,
    make_batch,
    make_client,
    raw_connection,
    wait_until,
)

BIG = 200 * 1024 * 1024
PIECE = 1024 * 1024


def test_a_batch_goes_through_and_its_receipt_comes_back(centre: Behind, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 3 * PIECE)
    with make_client(centre.ring("finance"), centre.edge.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
    assert centre.stored(batch.digest, "payload") == batch.content


def test_200_megabytes_pass_and_nothing_of_them_lies_in_nginx(centre: Behind) -> None:
    """They are sent in two halves: the first is at the centre, byte for byte, before the second is begun."""
    block = os.urandom(PIECE)
    manifest = json.dumps({"batch": "big", "department": "finance", "size": BIG}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    seen: list[int] = []
    half = threading.Event()

    def pieces() -> Iterator[bytes]:
        for number in range(BIG // PIECE):
            if number == BIG // PIECE // 2:
                arrived = wait_for(lambda: len_of(centre, digest), number * PIECE - 4 * PIECE)
                seen.append(arrived)
                half.set()
            yield block
            if number % 10 == 0:
                assert centre.edge.kept() == []

    with make_client(centre.ring("finance"), centre.edge.port) as client:
        client.submit(manifest, b"keys")
    with raw_connection(centre.ring("finance"), centre.edge.port) as connection:
        headers = {
            "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(BIG),
        }  # fmt: skip
        answer = ask(connection, "PATCH", f"/v1/uploads/{digest}", headers, pieces())
    assert (answer.status, answer.headers["upload-offset"]) == (204, str(BIG))
    assert half.is_set()
    assert seen[0] >= BIG // 2 - 8 * PIECE
    assert centre.edge.kept() == []
    assert hashlib.sha256(centre.stored(digest, "payload")).digest() == hashlib.sha256(block * (BIG // PIECE)).digest()
    assert max(resident(pid) for pid in centre.edge.workers()) < 64 * 1024, "KiB"


def len_of(centre: Behind, digest: str) -> int:
    return (centre.directory / "inbox" / digest / "payload").stat().st_size


def wait_for(now: Callable[[], int], least: int) -> int:
    until = time.monotonic() + 10
    while (found := now()) < least:
        assert time.monotonic() < until, f"only {found} bytes arrived"
        time.sleep(0.02)
    return found


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def test_an_upload_that_breaks_off_at_nginx_goes_on_from_what_had_come(centre: Behind, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 10 * PIECE)
    line = CuttingLine(centre.edge.port, [4 * PIECE, 5 * PIECE])
    sent: list[int] = []
    try:
        with make_client(centre.ring("finance"), line.port) as client:
            receipt = client.deliver(batch.manifest, b"keys", batch.payload, lambda offset, _: sent.append(offset))
    finally:
        line.close()
    assert receipt == batch.receipt
    assert line.broken == 2
    assert sent.count(PIECE) == 1, "what had come was not sent again"


def test_both_dates_come_through_as_they_were_written(own: Behind, tmp_path: Path) -> None:
    fixed = NOW.replace(microsecond=0) - timedelta(hours=3)
    (own.directory / "moment").write_text(fixed.isoformat())
    batch = make_batch(tmp_path, 10)
    ahead = timedelta(seconds=5)
    with make_client(own.ring("finance"), own.edge.port, clock=lambda: fixed + ahead) as client:
        client.submit(batch.manifest, b"keys")
        assert client.skew == ahead
    assert own.stored(batch.digest, "skew") == b"5000"
    answer = asked(own.ring("finance"), own.edge.port)
    assert (answer.headers["date"], answer.headers["server"]) == (http_date(fixed), "yizhan")


def test_a_health_check_comes_back_signed_through_nginx(centre: Behind) -> None:
    challenge = "5f" * 32
    with make_client(centre.ring("finance"), centre.edge.port) as client:
        data = client.health(challenge)
    trust = centre.ring("finance").trust()
    found = verify(data, centre="changning", challenge=challenge, trust=trust, at=datetime.now(UTC))
    assert (found.centre, found.challenge, found.ledger) == ("changning", challenge, 7)


def test_every_code_that_nginx_answers_with_is_the_products(centre: Behind) -> None:
    said = set(re.findall(r"YZ-\d{4}", CONFIGURATION.read_text(encoding="utf-8")))
    known = {error.code: error.__name__ for error in YizhanError.all()}
    assert {code: known.get(code) for code in sorted(said)} == {
        "YZ-5002": "ChainUntrusted", "YZ-5003": "CertificateExpired", "YZ-5004": "CertificateNotYetValid",
        "YZ-5005": "CertificateRevoked", "YZ-5006": "RevocationUnknown", "YZ-5022": "PeerAnonymous",
    }  # fmt: skip


def test_the_log_names_no_subject_and_no_path(centre: Behind) -> None:
    assert asked(centre.ring("finance"), centre.edge.port).status == 404
    wait_until(lambda: " GET 404 " in centre.edge.log())
    form = r'\S+ serial=([0-9A-F]+|-) verify="[A-Za-z: ]+" [A-Z]+ \d{3} \d+ \d+ [0-9.]+ (127\.0\.0\.1:\d+|-)'
    assert [line for line in centre.edge.log().splitlines() if not re.fullmatch(form, line)] == []


def test_the_images_check_can_be_run_while_it_serves_and_says_when_it_could_not_start_again(own: Behind) -> None:
    own.edge.check()
    pid = (own.edge.home / "nginx.pid").read_text()
    (own.edge.home / "yizhan" / "revoked.pem").write_text("half a list")
    with pytest.raises(RuntimeError):
        own.edge.check()
    assert (own.edge.home / "nginx.pid").read_text() == pid
    assert asked(own.ring("finance"), own.edge.port).status == 404
