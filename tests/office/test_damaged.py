"""A damaged instruction at a real centre, on either product: its neighbours go out, and everybody is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from gateway.app import CentreNode, open_node
from gateway.errors import InstructionDamaged
from gateway.instructions import InstructionReport
from tests.office.world import FEED, Centre, Receiver, environ

SHORT = "UPDATE instructions SET document = substr(document, 1, 700) WHERE number = :number"
WHOLE = "UPDATE instructions SET document = :document WHERE number = :number"


@pytest.fixture
def node(centre: Centre, receiver: Receiver) -> Iterator[CentreNode]:
    made = open_node(receiver.site, environ())
    assert isinstance(made, CentreNode)
    yield made
    made.database.dispose()


def test_the_others_are_fetched_and_list_office_and_fsck_tell_of_it(
    centre: Centre, receiver: Receiver, node: CentreNode
) -> None:
    bad = receiver.instruct("damaged-1", period="2026-02")["number"]
    good = receiver.instruct("damaged-2", period="2026-03")["number"]
    document = node.instructions.paper(bad).document
    with node.database.begin() as database:
        database.execute(text(SHORT), {"number": bad})
    told = {one.number for one in receiver.fetch()}
    assert good in told and bad not in told
    assert receiver.report(good, InstructionReport(seq=1, state="done")).state == "done"
    answer = receiver.office("GET", f"/instructions/{bad}?wait=1")
    assert (answer.status, json.loads(answer.body)["code"]) == (410, InstructionDamaged.code)
    listed = centre.yizhan("instruct", "list", "--feed", FEED)
    assert (listed.code, bad in listed.out, good in listed.out, "已损坏" in listed.out) == (1, True, True, True)
    assert f"[{InstructionDamaged.code}]" in listed.err and bad in listed.err
    (said,) = json.loads(centre.yizhan("instruct", "list", "--json").out)["damaged"]
    assert said == {
        "number": bad, "department": "finance", "feed": FEED, "period": "2026-02", "code": InstructionDamaged.code,
    }  # fmt: skip
    checked = centre.yizhan("fsck")
    assert (checked.code, bad in checked.out, good in checked.out) == (1, True, False)
    with node.database.begin() as database:
        database.execute(text(WHOLE), {"number": bad, "document": document})
    assert receiver.show(bad)["code"] == InstructionDamaged.code, "it was given up, and stays so"
    assert centre.yizhan("fsck").code == 0
