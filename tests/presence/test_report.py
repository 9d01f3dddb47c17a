"""The document yizhan-heartbeat/1: what it says comes back, and what cannot be true does not get in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import HeartbeatMalformed
from gateway.presence import MAX_LISTED, MAX_REPORT, Report, encode, parse
from tests.wire.reports import IDLE, REPORT

Spoil = Callable[[dict[str, Any]], object]


def spoilt(spoil: Spoil) -> bytes:
    document = json.loads(encode(REPORT))
    spoil(document)
    return json.dumps(document).encode()


def test_a_report_is_read_as_it_was_written() -> None:
    assert parse(encode(REPORT)) == REPORT
    idle = Report(version="1.2", spool=IDLE, disk=REPORT.disk, certificates=(), attempts=(), held=())
    assert parse(encode(idle)) == idle


def test_the_document_is_what_the_wire_says() -> None:
    assert json.loads(encode(REPORT)) == {
        "format": "yizhan-heartbeat/1",
        "version": "0.1.0",
        "spool": {
            "ready": 2, "inflight": 0, "held": 1, "dead": 0, "bytes": 4096,
            "oldest_at": "2026-12-01T08:00:00+00:00", "held_since": "2026-12-01T08:00:00+00:00",
        },
        "disk": {"free": 10, "total": 100},
        "certificates": [
            {"name": "recipients.changning", "not_after": "2026-12-01T08:00:00+00:00"},
            {"name": "tls", "not_after": "2026-12-01T08:00:00+00:00"},
        ],
        "attempts": [
            {"feed": "finance.onecard", "period": "2026-11", "at": "2026-12-01T08:00:00+00:00", "code": "YZ-2001"}
        ],
        "held": [{"feed": "finance.onecard", "period": "2026-11", "since": "2026-12-01T08:00:00+00:00"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda said: said.update(format="yizhan-heartbeat/2"), "format"),
        (lambda said: said.update(version="p001 的前置机"), "version"),
        (lambda said: said.update(host="10.0.0.1"), "-"),
        (lambda said: said.pop("disk"), "disk"),
        (lambda said: said["spool"].update(ready=-1), "spool"),
        (lambda said: said["spool"].update(ready="2"), "spool"),
        (lambda said: said["spool"].update(ready=True), "spool"),
        (lambda said: said["spool"].update(ready=2.0), "spool"),
        (lambda said: said["spool"].update(bytes=10**16), "spool"),
        (lambda said: said["spool"].update(ready=0), "spool"),
        (lambda said: said["spool"].update(oldest_at=None), "spool"),
        (lambda said: said["spool"].update(oldest_at="2026-12-01T08:00:00"), "spool"),
        (lambda said: said["spool"].update(oldest_at=1_796_112_000), "spool"),
        (lambda said: said["spool"].update(held=0), "spool"),
        (lambda said: said["disk"].update(free=101), "disk"),
        (lambda said: said["certificates"][0].update(name="/etc/keys/tls.crt"), "certificates"),
        (lambda said: said["certificates"][0].update(name="某人"), "certificates"),
        (lambda said: said["certificates"][0].update(name="tls"), "-"),
        (lambda said: said["attempts"][0].update(code="text of a driver"), "attempts"),
        (lambda said: said["attempts"][0].update(period="next month"), "attempts"),
        (lambda said: said["attempts"][0].update(feed="finance"), "attempts"),
        (lambda said: said["attempts"].append(said["attempts"][0]), "-"),
        (lambda said: said["held"].append(said["held"][0]), "-"),
        (lambda said: said["held"][0].pop("since"), "held"),
    ],
)
def test_what_cannot_be_true_is_refused_and_the_refusal_repeats_no_value(spoil: Spoil, place: str) -> None:
    with pytest.raises(HeartbeatMalformed) as refused:
        parse(spoilt(spoil))
    assert refused.value.facts == {"place": place}


def test_more_than_a_node_ever_has_is_refused_and_the_most_allowed_fits_the_wire() -> None:
    one = {"at": "2026-12-01T08:00:00.123456+08:00", "code": "YZ-2001", "period": "2026-11-22"}
    most = [one | {"feed": f"{'d' * 40}.f{n:040}"} for n in range(MAX_LISTED)]
    full = spoilt(lambda said: said.update(attempts=most))
    assert len(parse(full).attempts) == MAX_LISTED
    assert len(full) < MAX_REPORT // 2
    with pytest.raises(HeartbeatMalformed):
        parse(spoilt(lambda said: said.update(attempts=[*most, one | {"feed": "a.b"}])))


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)).map(json.dumps))
def test_nothing_else_is_taken_for_a_report(content: bytes | str) -> None:
    with pytest.raises(HeartbeatMalformed):
        parse(content if isinstance(content, bytes) else content.encode())
