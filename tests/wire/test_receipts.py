"""Asking a centre for every receipt it knows, and what is not believed of its answer."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from gateway.errors import PeerMalformed, UploadLost
from gateway.transport.answers import MAX_RECEIPTS, KnownReceipts, Refusal, read_receipts
from tests.wire.world import CentreProcess, World, make_batch, make_client

DIGEST = "5f" * 32
REFUSED = {"centre": "hengyang", "code": "YZ-4301"}


def body(**changes: object) -> bytes:
    receipts = [base64.b64encode(one).decode() for one in (b"ours", b"theirs")]
    return json.dumps({"digest": DIGEST, "receipts": receipts} | changes).encode()


def test_all_receipts_of_a_batch_come_in_one_answer(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 1000)
    with make_client(world.ring("finance"), centre.port) as client:
        client.submit(batch.manifest, b"keys")
        assert client.receipts(batch.digest) == KnownReceipts(receipts=(), refused=None)
        own = client.deliver(batch.manifest, b"keys", batch.payload)
        known = client.receipts(batch.digest)
    assert known.receipts == (own, b"receipt from above")
    assert known.refused == Refusal(centre="hunan", code="YZ-5001"), "told besides, and signed by nobody"


def test_another_departments_receipts_are_not_there(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 1000)
    with make_client(world.ring("finance"), centre.port) as client:
        client.deliver(batch.manifest, b"keys", batch.payload)
    with make_client(world.ring("civil"), centre.port) as client, pytest.raises(UploadLost):
        client.receipts(batch.digest)


def test_an_answer_as_it_should_be_is_read() -> None:
    assert read_receipts(body(), "changning", DIGEST) == KnownReceipts(receipts=(b"ours", b"theirs"), refused=None)
    assert read_receipts(body(receipts=[]), "changning", DIGEST) == KnownReceipts(receipts=(), refused=None)
    refused = read_receipts(body(refused=REFUSED), "changning", DIGEST).refused
    assert refused == Refusal(centre="hengyang", code="YZ-4301")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(digest="60" * 32), id="of another batch"),
        pytest.param(body(digest=DIGEST.upper()), id="a digest written otherwise"),
        pytest.param(body(receipts=["b3Vycw"]), id="base64 without its padding"),
        pytest.param(body(receipts=["b3V\nycw=="]), id="base64 in lines"),
        pytest.param(body(receipts=["b3Vy*cw="]), id="no base64"),
        pytest.param(body(receipts=["b3Vycw=="] * (MAX_RECEIPTS + 1)), id="more than a batch can have"),
        pytest.param(body(receipts=[1]), id="a number for a receipt"),
        pytest.param(body(receipts=None), id="no list"),
        pytest.param(body(more=True), id="a member nobody knows"),
        pytest.param(body(refused=REFUSED | {"code": "YZ-1"}), id="a refusal with no code of ours"),
        pytest.param(body(refused=REFUSED | {"centre": "衡阳"}), id="a refusal by what is no centre's id"),
        pytest.param(body(refused=REFUSED | {"why": "…"}), id="a refusal that says more"),
        pytest.param(b'{"digest"', id="cut off"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_an_answer_that_is_not_of_this_wire_is_not_believed(answer: bytes) -> None:
    with pytest.raises(PeerMalformed):
        read_receipts(answer, "changning", DIGEST)
