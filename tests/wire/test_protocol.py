"""The wire as others would speak it: tus 1.0, multipart, problem documents, bounds, and what the logs must not hold."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import errors
from tests.wire.centre import LIMITS
from tests.wire.world import (
    Answer,
    Batch,
    CentreProcess,
    World,
    ask,
    make_batch,
    make_client,
    raw_connection,
    raw_context,
    wait_until,
)

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def batch(world: World, centre: CentreProcess, tmp_path: Path) -> Batch:
    """Submitted, nothing uploaded."""
    made = make_batch(tmp_path, 200_000)
    with make_client(world.ring("finance"), centre.port) as client:
        client.submit(made.manifest, b"keys")
    return made


@pytest.fixture
def talk(world: World, centre: CentreProcess) -> Iterator[object]:
    with raw_connection(world.ring("finance"), centre.port) as connection:
        yield connection


def patch(talk: object, batch: Batch, offset: int, body: bytes | Iterator[bytes], **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(talk, "PATCH", f"/v1/uploads/{batch.digest}", PATCH | {"Upload-Offset": str(offset)} | given, body)


def multipart(*parts: tuple[str, bytes]) -> tuple[dict[str, str], bytes]:
    body = b"".join(
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), data)
        for name, data in parts
    )
    return {"Content-Type": "multipart/form-data; boundary=cut"}, body + b"--cut--\r\n"


def test_options_names_the_version(talk: object, batch: Batch) -> None:
    answer = ask(talk, "OPTIONS", f"/v1/uploads/{batch.digest}")
    assert (answer.status, answer.headers["tus-version"]) == (204, "1.0.0")


def test_head_says_how_far_the_upload_is_and_forbids_caching(talk: object, batch: Batch) -> None:
    assert patch(talk, batch, 0, batch.content[:777]).status == 204
    answer = ask(talk, "HEAD", f"/v1/uploads/{batch.digest}", TUS)
    assert answer.status == 200
    assert answer.headers["upload-offset"] == "777"
    assert answer.headers["upload-length"] == "200000"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1"])
def test_another_tus_version_is_refused_and_ours_named(talk: object, batch: Batch, version: str | None) -> None:
    headers = {"Tus-Resumable": version} if version else {}
    answer = ask(talk, "HEAD", f"/v1/uploads/{batch.digest}", headers)
    assert (answer.status, answer.headers["tus-version"]) == (412, "1.0.0")


def test_a_body_of_another_type_is_refused(talk: object, batch: Batch) -> None:
    answer = patch(talk, batch, 0, b"x", Content_Type="application/octet-stream")
    assert (answer.status, answer.code) == (415, errors.MediaTypeWrong.code)


@pytest.mark.parametrize("offset", ["", "-1", "1e3", "٣", "9" * 30])
def test_an_offset_that_is_no_count_is_refused(talk: object, batch: Batch, offset: str) -> None:
    answer = patch(talk, batch, 0, b"x", Upload_Offset=offset.encode().decode("latin-1"))
    assert (answer.status, answer.code) == (400, errors.WireMalformed.code)


@pytest.mark.parametrize("offset", [1, 499, 501, 200_000])
def test_a_wrong_offset_is_refused_and_nothing_is_written(
    talk: object, batch: Batch, centre: CentreProcess, offset: int
) -> None:
    assert patch(talk, batch, 0, batch.content[:500]).headers["upload-offset"] == "500"
    answer = patch(talk, batch, offset, batch.content[500:])
    assert (answer.status, answer.code) == (409, errors.OffsetMismatch.code)
    assert centre.stored(batch.digest) == batch.content[:500]


def test_more_than_declared_is_refused_before_it_is_read(talk: object, batch: Batch, centre: CentreProcess) -> None:
    answer = patch(talk, batch, 0, batch.content + b"x")
    assert (answer.status, answer.code) == (413, errors.TooLarge.code)
    assert centre.stored(batch.digest) == b""


def test_more_than_declared_without_a_length_is_cut_off_and_never_written(
    talk: object, batch: Batch, centre: CentreProcess
) -> None:
    answer = patch(talk, batch, 0, iter([batch.content[:150_000], batch.content[150_000:] + b"x" * 100_000]))
    assert (answer.status, answer.code) == (413, errors.TooLarge.code)
    assert batch.content.startswith(centre.stored(batch.digest))


def test_a_second_connection_cannot_write_the_same_upload(
    talk: object, batch: Batch, world: World, centre: CentreProcess
) -> None:
    first = slow_upload(world, centre, batch)
    try:
        wait_until(lambda: len(centre.stored(batch.digest)) >= LIMITS.piece)
        answer = patch(talk, batch, LIMITS.piece, b"x")
    finally:
        first.close()
    assert (answer.status, answer.code) == (423, errors.UploadBusy.code)


def test_a_stalled_upload_is_given_up_keeps_its_bytes_and_can_be_resumed(
    talk: object, batch: Batch, world: World, centre: CentreProcess
) -> None:
    first = slow_upload(world, centre, batch)
    answer = first.recv(65536)
    first.close()
    assert b"408" in answer.split(b"\r\n")[0]
    assert errors.UploadStalled.code.encode() in answer
    kept = len(centre.stored(batch.digest))
    assert kept == 100_000
    assert patch(talk, batch, kept, batch.content[kept:]).headers["upload-offset"] == "200000"


def slow_upload(world: World, centre: CentreProcess, batch: Batch) -> ssl.SSLSocket:
    """Half of an upload, then silence."""
    plain = socket.create_connection(("127.0.0.1", centre.port), timeout=5)
    line = raw_context(world.ring("finance")).wrap_socket(plain)
    head = f"PATCH /v1/uploads/{batch.digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nUpload-Offset: 0\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in PATCH.items())
    line.sendall(head.encode() + b"\r\n" + batch.content[:100_000])
    return line


def test_another_departments_upload_and_receipt_do_not_exist(batch: Batch, world: World, centre: CentreProcess) -> None:
    with raw_connection(world.ring("civil"), centre.port) as civil:
        assert ask(civil, "HEAD", f"/v1/uploads/{batch.digest}", TUS).status == 404
        assert patch(civil, batch, 0, b"x").code == errors.UploadUnknown.code
        assert ask(civil, "GET", f"/v1/batches/{batch.digest}/receipt").code == errors.UploadUnknown.code


def test_the_receipt_of_an_unfinished_upload_is_202_with_a_time_to_come_back(talk: object, batch: Batch) -> None:
    answer = ask(talk, "GET", f"/v1/batches/{batch.digest}/receipt", {"Prefer": "respond-async, wait=1"})
    assert (answer.status, answer.headers["retry-after"]) == (202, "1")


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (("manifest", b"{}"),),
        (("keys", b""), ("manifest", b"{}")),
        (("manifest", b"{}"), ("keys", b""), ("keys", b"")),
        (("manifest", b"{}"), ("keys", b""), ("more", b"")),
    ],
)
def test_a_submission_has_exactly_its_two_parts(talk: object, parts: tuple[tuple[str, bytes], ...]) -> None:
    answer = ask(talk, "POST", "/v1/batches", *multipart(*parts))
    assert (answer.status, answer.code) == (400, errors.WireMalformed.code)


@pytest.mark.parametrize("body", [b"", b"--cut", b"nonsense", b"--cut\r\n\r\n", b"\xff" * 100])
def test_a_broken_multipart_body_is_refused(talk: object, body: bytes) -> None:
    answer = ask(talk, "POST", "/v1/batches", {"Content-Type": "multipart/form-data; boundary=cut"}, body)
    assert (answer.status, answer.code) == (400, errors.WireMalformed.code)


def test_a_nested_multipart_is_refused(talk: object) -> None:
    inner = b'--cut\r\nContent-Disposition: form-data; name="manifest"\r\nContent-Type: multipart/mixed; boundary=in'
    body = inner + b"\r\n\r\n--in\r\n\r\nx\r\n--in--\r\n--cut--\r\n"
    answer = ask(talk, "POST", "/v1/batches", {"Content-Type": "multipart/form-data; boundary=cut"}, body)
    assert (answer.status, answer.code) == (400, errors.WireMalformed.code)


def test_a_submission_of_another_type_is_refused(talk: object) -> None:
    answer = ask(talk, "POST", "/v1/batches", {"Content-Type": "application/json"}, b"{}")
    assert (answer.status, answer.code) == (415, errors.MediaTypeWrong.code)


@pytest.mark.parametrize(
    "parts",
    [
        (("manifest", b"x" * (LIMITS.manifest + 1)), ("keys", b"")),
        (("manifest", b"{}"), ("keys", b"x" * (LIMITS.keys + 1))),
        (("manifest", b"{}"), ("keys", b"x" * 10_000_000)),
    ],
)
def test_a_part_beyond_its_limit_is_refused(talk: object, parts: tuple[tuple[str, bytes], ...]) -> None:
    answer = ask(talk, "POST", "/v1/batches", *multipart(*parts))
    assert (answer.status, answer.code) == (413, errors.TooLarge.code)


def test_a_submission_without_a_length_is_refused(talk: object) -> None:
    headers, body = multipart(("manifest", b"{}"), ("keys", b""))
    answer = ask(talk, "POST", "/v1/batches", headers, iter([body]))
    assert (answer.status, answer.code) == (400, errors.WireMalformed.code)


def test_a_header_beyond_its_limit_is_refused(talk: object) -> None:
    assert ask(talk, "GET", "/v1/batches", {"X-Long": "x" * 20_000}).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, errors.PathUnknown.code),
        ("GET", "/v1/uploads/../../etc/passwd", 404, errors.PathUnknown.code),
        ("GET", f"/v1/uploads/{'A' * 64}", 404, errors.PathUnknown.code),
        ("GET", "/v1/batches", 405, errors.MethodUnknown.code),
        ("PUT", f"/v1/uploads/{'0' * 64}", 405, errors.MethodUnknown.code),
    ],
)
def test_other_addresses_and_methods_get_a_problem_document(
    talk: object, method: str, path: str, status: int, code: str
) -> None:
    answer = ask(talk, method, path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_problem_document_says_what_failed_and_what_to_do_in_both_languages(talk: object, batch: Batch) -> None:
    answer = patch(talk, batch, 7, b"x")
    assert json.loads(answer.body) == {
        "type": "urn:yizhan:error:YZ-6124",
        "title": f"续传位置不符:{batch.digest} 已存 0 字节。",
        "status": 409,
        "code": "YZ-6124",
        "detail": f"wrong offset: {batch.digest} has 0 bytes.",
        "advice_zh": "请从该位置续传。",
        "advice_en": "Resume from there.",
    }


def test_the_server_does_not_name_its_software(talk: object) -> None:
    assert ask(talk, "GET", "/").headers["server"] == "yizhan"


def test_the_access_log_names_party_code_and_bytes(talk: object, batch: Batch, centre: CentreProcess) -> None:
    patch(talk, batch, 0, batch.content[:1234])
    patch(talk, batch, 0, b"again")
    path = f"PATCH /v1/uploads/{batch.digest}"
    wait_until(lambda: f"{path} 409" in centre.log())
    assert f"{path} 204 code=- party=department:finance bytes=1234 seconds=0." in centre.log()
    assert f"{path} 409 code=YZ-6124 party=department:finance bytes=0 seconds=0." in centre.log()


def test_personal_data_in_a_path_a_header_or_a_defect_reaches_no_log(
    talk: object, world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    canary = "430482199001011234"
    ask(talk, "GET", f"/person/{canary}?id={canary}", {"X-Id": canary, "Prefer": canary})
    ask(talk, "POST", f"/v1/batches?id={canary}", {"Content-Type": canary}, b"")
    plain = socket.create_connection(("127.0.0.1", centre.port), timeout=5)
    with raw_context(world.ring("finance")).wrap_socket(plain) as line:
        line.sendall(f"{canary} bad\x01request\r\nX: {canary}\r\n\r\n".encode())
        assert b"400" in line.recv(65536)
    batch = make_batch(tmp_path, 10, fate="defect", words=f"姓名 {canary}")
    with make_client(world.ring("finance"), centre.port) as client:
        opened = client.submit(batch.manifest, b"keys")
        client.upload(opened, batch.payload)
    wait_until(lambda: f"load of {batch.digest} failed on a defect" in centre.log())
    log = centre.log()
    assert canary not in log
    assert "姓名" not in log
    assert "RuntimeError" in log
    assert "GET (unknown) 404" in log


def test_many_departments_upload_at_once(world: World, centre: CentreProcess, tmp_path: Path) -> None:
    batches = [make_batch(tmp_path, 1_000_000) for _ in range(6)]
    receipts: dict[str, bytes] = {}

    def deliver(batch: Batch) -> None:
        with make_client(world.ring("finance"), centre.port) as client:
            receipts[batch.digest] = client.deliver(batch.manifest, b"keys", batch.payload)

    threads = [threading.Thread(target=deliver, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receipts == {batch.digest: batch.receipt for batch in batches}


def test_a_refusal_is_heard_though_the_client_is_still_sending(
    world: World, centre: CentreProcess, tmp_path: Path
) -> None:
    """The server refuses after the headers; a client in the middle of gigabytes must still learn why."""
    batch = make_batch(tmp_path, 30_000_000)
    with make_client(world.ring("finance"), centre.port) as client:
        client.submit(batch.manifest, b"keys")
        started = time.monotonic()
        with raw_connection(world.ring("finance"), centre.port) as connection:
            answer = patch(connection, batch, 5, batch.content[5:])
    assert answer.code == errors.OffsetMismatch.code
    assert time.monotonic() - started < 5
