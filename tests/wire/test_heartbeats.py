"""Heartbeats over real TLS, and how far apart the two clocks are, as each side finds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import errors
from gateway.errors import PeerRefused, PeerUnavailable
from gateway.presence import encode, http_date
from tests.peers.nginx import nginx
from tests.wire.centre import HEARD_AT, LIMITS
from tests.wire.reports import REPORT
from tests.wire.world import (
    NOW,
    Answer,
    CentreProcess,
    World,
    ask,
    make_batch,
    make_client,
    raw_connection,
)

DOCUMENT = encode(REPORT)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, CentreProcess]]:
    """A centre whose clock stands at NOW."""
    world = World(tmp_path_factory.mktemp("fixed"))
    (world.directory / "changning" / "moment").write_text(NOW.isoformat())
    process = CentreProcess(world.directory / "changning")
    yield world, process
    process.kill()


@pytest.fixture
def talk(fixed: tuple[World, CentreProcess]) -> Iterator[object]:
    with raw_connection(fixed[0].ring("finance"), fixed[1].port) as connection:
        yield connection


def post(talk: object, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return ask(talk, "POST", "/v1/heartbeats", JSON | (headers or {}), body)


def heard(centre: CentreProcess) -> tuple[bytes, int | None]:
    document, skew = json.loads((centre.directory / "heard").read_text())
    return document.encode(), skew


@pytest.mark.parametrize(
    ("ahead", "skew"),
    [(0, 0), (0.9, 0), (1, 1000), (90.4, 90_000), (-1, -1000), (-3600, -3_600_000), (31_536_000, 31_536_000_000)],
)
def test_a_centre_measures_how_far_a_front_end_is_ahead_and_the_front_end_finds_the_same(
    fixed: tuple[World, CentreProcess], ahead: float, skew: int
) -> None:
    world, centre = fixed
    clock = NOW + timedelta(seconds=ahead)
    with make_client(world.ring("finance"), centre.port, clock=lambda: clock) as client:
        assert client.skew is None
        hearing = client.heartbeat(DOCUMENT)
        assert client.skew == timedelta(milliseconds=skew)
    assert (hearing.department, hearing.at, hearing.skew_ms) == ("finance", HEARD_AT, skew)
    assert heard(centre) == (DOCUMENT, skew)


def test_a_submission_is_dated_too_and_delivering_it_tells_the_clock_of_the_centre(
    fixed: tuple[World, CentreProcess], tmp_path: Path
) -> None:
    world, centre = fixed
    batch, clock = make_batch(tmp_path, 1000), NOW - timedelta(seconds=75)
    with make_client(world.ring("finance"), centre.port, clock=lambda: clock) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt
        assert client.skew == timedelta(seconds=-75)
    assert centre.stored(batch.digest, "skew") == b"-75000"


@pytest.mark.parametrize(
    "date",
    [None, "", "yesterday", "2026-11-22T08:00:00+08:00", "Sun, 99 Nov 2026 08:49:37 GMT", "0", "\xff", "1" * 4000],
)
def test_a_date_that_is_missing_or_unreadable_is_no_fault_and_the_skew_is_unknown(
    fixed: tuple[World, CentreProcess], talk: object, date: str | None
) -> None:
    answer = post(talk, DOCUMENT, {} if date is None else {"Date": date})
    assert (answer.status, json.loads(answer.body)["skew_ms"]) == (200, None)
    assert heard(fixed[1]) == (DOCUMENT, None)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/v1/heartbeats", 200), ("GET", "/v1/heartbeats", 405), ("GET", "/", 404)]
)
def test_every_answer_is_dated_with_the_clock_of_the_node(talk: object, method: str, path: str, status: int) -> None:
    answer = ask(talk, method, path, JSON, DOCUMENT)
    assert (answer.status, answer.headers["date"]) == (status, http_date(NOW))


def test_before_the_real_nginx_both_dates_come_through_as_they_were_written(
    fixed: tuple[World, CentreProcess],
) -> None:
    world, centre = fixed
    with nginx([centre.port]) as before:
        clock = NOW + timedelta(seconds=90)
        with make_client(world.ring("finance"), before.port, clock=lambda: clock) as client:
            assert client.heartbeat(DOCUMENT).skew_ms == 90_000
            assert client.skew == timedelta(seconds=90)
        with raw_connection(world.ring("finance"), before.port) as line:
            assert post(line, DOCUMENT).headers["date"] == http_date(NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 10_000,
        DOCUMENT.replace(b"heartbeat/1", b"heartbeat/2"),
        DOCUMENT.replace(b'"ready":2', b'"ready":-2'),
        DOCUMENT.replace(b'"ready":2', b'"ready":0'),
        DOCUMENT.replace(b'"free":10,', b'"free":101,'),
        DOCUMENT.replace(b'"free":10,', b'"free":10,"person":"p001",'),
    ],
)
def test_what_is_no_heartbeat_or_cannot_be_true_is_refused_and_not_kept(
    fixed: tuple[World, CentreProcess], talk: object, body: bytes
) -> None:
    (fixed[1].directory / "heard").unlink(missing_ok=True)
    answer = post(talk, body)
    assert (answer.status, answer.code) == (422, errors.HeartbeatMalformed.code)
    assert not (fixed[1].directory / "heard").exists()


def test_a_heartbeat_beyond_its_limit_is_refused_before_it_is_read(talk: object) -> None:
    answer = post(talk, b" " * (LIMITS.heartbeat + 1))
    assert (answer.status, answer.code) == (413, errors.HeartbeatTooLarge.code)


def test_a_heartbeat_of_another_type_or_without_a_length_is_refused(talk: object) -> None:
    other = ask(talk, "POST", "/v1/heartbeats", {"Content-Type": "text/plain"}, DOCUMENT)
    assert (other.status, other.code) == (415, errors.MediaTypeWrong.code)
    chunked = ask(talk, "POST", "/v1/heartbeats", JSON, iter([DOCUMENT]))
    assert (chunked.status, chunked.code) == (400, errors.WireMalformed.code)


def test_a_refused_heartbeat_tells_the_front_end_the_centres_code(fixed: tuple[World, CentreProcess]) -> None:
    world, centre = fixed
    with make_client(world.ring("civil"), centre.port) as client, pytest.raises(PeerRefused) as refused:
        client.heartbeat(DOCUMENT)
    assert refused.value.facts["peer_code"] == errors.HeartbeatNotAwaited.code


def test_a_centre_that_is_down_is_a_retry(fixed: tuple[World, CentreProcess]) -> None:
    with make_client(fixed[0].ring("finance"), 1) as client, pytest.raises(PeerUnavailable):
        client.heartbeat(DOCUMENT)


def test_the_log_has_the_heartbeat_and_nothing_of_what_it_says(fixed: tuple[World, CentreProcess]) -> None:
    world, centre = fixed
    with make_client(world.ring("finance"), centre.port) as client:
        client.heartbeat(DOCUMENT)
    line = f"POST /v1/heartbeats 200 code=- party=department:finance bytes={len(DOCUMENT)} seconds="
    assert line in centre.log()
    assert "onecard" not in centre.log()
