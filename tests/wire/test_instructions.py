"""Instructions over the wire of a real centre: who is given what, and what is refused, on both products."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.app import open_node
from gateway.instructions import (
    MAX_DOCUMENT,
    InstructionReport,
    State,
    encode_report,
    match_instruction,
    read_instruction,
)
from gateway.keys import KeyRing, Stage
from gateway.ledger import EventKind
from tests.office.world import FEED, Centre, Receiver
from tests.wire.world import NOW, ask, now, raw_connection

RUNNING = InstructionReport(seq=1, state="running", stage="collecting")
DONE = InstructionReport(seq=2, state="done", stage="receipted")


@pytest.fixture(scope="module")
def other(county: Centre, receiver: Receiver) -> Receiver:
    return county.receiver()


def test_a_department_is_given_its_own_and_can_verify_it(receiver: Receiver, county: Centre) -> None:
    number = str(receiver.instruct("w1", period="2016-01")["number"])
    theirs = str(receiver.instruct("w2", feed="civil.dibao", period="2016-01")["number"])
    (given,) = receiver.fetch()
    ring = KeyRing(directory=county.county.front_end("finance") / "keys", stage=Stage.REHEARSAL)
    said = read_instruction(given.document, ring.trust(), now())
    match_instruction(said, "finance", ("changning",))
    assert (said.number, said.feed, said.period) == (number, FEED, "2016-01")
    assert [one.number for one in receiver.fetch(department="civil")] == [theirs]
    assert receiver.fetch(department="agri") == ()
    receiver.report(number, DONE)


def test_a_question_is_held_open_until_the_office_instructs_at_whatever_receiver(
    receiver: Receiver, other: Receiver
) -> None:
    for here in (receiver, other):
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(receiver.fetch, "?wait=20")
            time.sleep(0.5)
            assert not asked.done()
            began = time.monotonic()
            number = str(here.instruct(f"w3-{here.port}", period="2016-03")["number"])
            assert [one.number for one in asked.result(10)] == [number]
            assert time.monotonic() - began < 5
        receiver.report(number, DONE)


def test_what_the_agent_has_is_not_given_again_and_does_not_end_the_waiting(receiver: Receiver) -> None:
    number = str(receiver.instruct("w4", period="2016-04")["number"])
    assert [one.number for one in receiver.fetch()] == [number]
    receiver.report(number, RUNNING)
    assert [one.number for one in receiver.fetch("?wait=20")] == [number], "an agent that lost it is given it again"
    began = time.monotonic()
    assert receiver.fetch(f"?wait=1&known={number}") == ()
    assert time.monotonic() - began > 0.9
    receiver.report(number, DONE)


def test_reports_are_idempotent_also_across_receivers_and_restarts(receiver: Receiver, other: Receiver) -> None:
    number = str(receiver.instruct("w5", period="2016-05")["number"])
    receiver.fetch()
    assert receiver.report(number, RUNNING).state is State.RUNNING
    other.kill()
    other.start()
    assert other.report(number, RUNNING).seq == 1
    assert other.report(number, DONE).state is State.DONE
    for here in (receiver, other):
        heard = here.report(number, InstructionReport(seq=3, state="running"))
        assert (heard.state, heard.seq) == (State.DONE, 2)
    ledger = open_node(receiver.site, {}).ledger
    assert len([one for one in ledger.lines(kind=EventKind.CONCLUDED) if one.said.number == number]) == 1


def test_an_instruction_outlives_a_centre_that_is_killed_before_and_after_it_is_fetched(receiver: Receiver) -> None:
    number = str(receiver.instruct("w6", period="2016-06")["number"])
    receiver.kill()
    receiver.start()
    assert [one.number for one in receiver.fetch()] == [number]
    receiver.kill()
    receiver.start()
    assert [one.number for one in receiver.fetch()] == [number]
    assert receiver.report(number, DONE).state is State.DONE
    assert receiver.fetch() == ()


def test_anothers_instruction_and_none_are_refused_alike(receiver: Receiver) -> None:
    number = str(receiver.instruct("w7", period="2016-07")["number"])
    body = encode_report(RUNNING)
    theirs = receiver.agent("POST", f"/{number}/reports", body, department="civil")
    none = receiver.agent("POST", "/20260101-bcdfghjklm/reports", body, department="civil")
    assert (theirs.status, theirs.code) == (none.status, none.code) == (404, "YZ-5054")
    assert theirs.body.replace(number.encode(), b"") == none.body.replace(b"20260101-bcdfghjklm", b"")
    assert receiver.show(number)["state"] == "issued"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", "application/json", 422, "YZ-5055"),
        (encode_report(RUNNING), "text/plain", 415, "YZ-6127"),
        (b" " * (MAX_DOCUMENT + 1), "application/json", 413, "YZ-5056"),
    ],
    ids=["malformed", "media type", "too large"],
)
def test_what_is_no_report_is_refused(receiver: Receiver, body: bytes, kind: str, status: int, code: str) -> None:
    answer = receiver.agent("POST", "/20260101-bcdfghjklm/reports", body, kind=kind)
    assert (answer.status, answer.code) == (status, code), answer.body


@pytest.mark.parametrize("query", ["?wait=long", "?wait=-1", "?known=7", "?known=../..", "?wait=1&known=a,b"])
def test_a_question_out_of_form_is_refused(receiver: Receiver, query: str) -> None:
    answer = receiver.agent("GET", query)
    assert answer.status == 400, answer.body


def test_whoever_is_no_department_is_given_nothing(receiver: Receiver, county: Centre) -> None:
    ring = KeyRing(directory=county.county.centre / "keys", stage=Stage.REHEARSAL)
    with raw_connection(ring, receiver.port) as connection:
        answer = ask(connection, "GET", "/v1/instructions")
    assert answer.status in (401, 403)
    assert json.loads(answer.body)["code"].startswith("YZ-50")


def test_the_office_reads_nowhere_what_the_wire_was_sent_in_vain(receiver: Receiver) -> None:
    number = str(receiver.instruct("w8", period="2016-08")["number"])
    receiver.fetch()
    said = json.loads(encode_report(RUNNING)) | {"lines": [{"at": NOW.isoformat(), "text": "430482199001011234"}]}
    answer = receiver.agent("POST", f"/{number}/reports", json.dumps(said).encode())
    assert (answer.status, answer.code) == (422, "YZ-5055")
    assert "430482199001011234" not in json.dumps(receiver.show(number)) + receiver.log()
