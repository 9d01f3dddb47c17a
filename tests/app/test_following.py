"""What the ledger adds to a receipt: when it was heard of, and how far the sender's clock was off."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.app import CentreNode, moment, open_node
from gateway.app.facts import Following, facts_of
from gateway.calendar import Period
from gateway.freshness import State, board, last_attempts
from gateway.ledger import Detail, Event, EventKind, Head
from gateway.records.totals import Totals
from gateway.warehouse import BatchFacts, LoadResult
from tests.peers.processes import ROOT

SAMPLE = ROOT / "sample" / "catalogue"
FEED, PERIOD = "civil.dibao", "2026-10"
BATCH = f"{FEED}/{PERIOD}/r1"
DIGEST = hashlib.sha256(BATCH.encode()).hexdigest()
LANDED, ADMITTED, LOADED = (moment(f"2026-11-{day}") for day in ("10T23:59:00", "11T01:00:00", "11T01:05:00"))
CENTRE = """
site: centre
role: centre
rehearsal: true
centre: changning
listen: {host: 127.0.0.1, port: 8443}
"""


@pytest.fixture
def centre(tmp_path: Path) -> CentreNode:
    """A centre to which the register of low income is owed by the 10th, on the front-end machine."""
    root = tmp_path / "centre"
    catalogue = root / "catalogue"
    (catalogue / "feeds").mkdir(parents=True)
    for file in SAMPLE.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("due: livelihood_funds", "due: comparison_data")
        (catalogue / file.relative_to(SAMPLE)).write_text(text, encoding="utf-8")
    (root / "site.yaml").write_text(CENTRE, encoding="utf-8")
    node = open_node(root, {})
    assert isinstance(node, CentreNode)
    return node


def admit(node: CentreNode, detail: Detail, at=ADMITTED, kind=EventKind.ADMITTED) -> None:
    said = {"batch": BATCH, "feed": FEED, "period": PERIOD, "revision": 1, "digest": DIGEST}
    node.ledger.append(Event(at=at, kind=kind, detail=detail, **said))


def load(node: CentreNode) -> None:
    nothing = Totals.zero(node.catalogue.feed(FEED).fields)
    facts = BatchFacts(
        digest=DIGEST, batch=BATCH, region="430482", feed=FEED, period=PERIOD, revision=1, kind="nil", sender="civil",
        previous=None, sent=nothing, set_aside=0, landed_at=LANDED, accepted_at=LOADED, by="p004",
    )  # fmt: skip
    node.warehouse.load(facts, [], _receipt)


def _receipt(_result: LoadResult, head: Head) -> bytes:
    return f"receipt {head.position}".encode()


@pytest.mark.parametrize(
    ("details", "state", "skew"),
    [
        ([Detail(department="civil")], State.NIL_ON_TIME, None),
        ([Detail(department="civil", skew=-60_000)], State.NIL_ON_TIME, -60),
        ([Detail(department="civil", skew=-60_001)], State.NIL_LATE, -60.001),
        ([Detail(department="civil", skew=-3_600_000)], State.NIL_LATE, -3600),
        ([Detail(skew=-3_600_000)], State.NIL_ON_TIME, None),  # another centre's clock, which carried it on
        ([Detail(department="civil", skew=0), Detail(department="civil", skew=-3_600_000)], State.NIL_ON_TIME, 0),
    ],
)
def test_a_landing_is_judged_by_the_clock_the_centre_measured_first(centre, details, state, skew) -> None:
    for detail in details:
        admit(centre, detail)
    load(centre)
    (came,) = facts_of(centre).deliveries
    assert came.skew == (None if skew is None else timedelta(seconds=skew))
    rows = board(centre.owed, facts_of(centre), moment("2026-11-12T00:00:00"))
    (row,) = (row for row in rows if (row.feed, row.period) == (FEED, Period.parse(PERIOD)))
    assert row.state is state


def test_each_reading_takes_only_what_is_new_and_ends_where_a_fresh_one_does(centre: CentreNode) -> None:
    following = Following(centre)
    assert following.now() == facts_of(centre)
    admit(centre, Detail(department="civil", skew=-3_600_000))
    on_its_way = following.now()
    assert [one.step for one in on_its_way.stages] == ["admitted"]
    assert on_its_way.deliveries == ()
    load(centre)
    done = following.now()
    assert done == facts_of(centre)
    assert [one.skew for one in done.deliveries] == [timedelta(hours=-1)]
    assert following.now() is done


def test_the_clock_of_a_centre_above_condemns_nobody(centre: CentreNode) -> None:
    """Who carries a batch on has its receipt in the ledger, and how far off its own clock was."""
    admit(centre, Detail(department="civil"))
    load(centre)
    before = facts_of(centre).deliveries
    admit(centre, Detail(skew=-3_600_000), at=LOADED + timedelta(days=1), kind=EventKind.RECEIPTED)
    assert facts_of(centre).deliveries == before
    assert [(one.skew, one.heard_at) for one in before] == [(None, None)]


def test_what_the_ledger_says_of_a_receipt_counts_even_if_the_receipt_was_read_before(centre: CentreNode) -> None:
    following = Following(centre)
    load(centre)
    assert [one.skew for one in following.now().deliveries] == [None]
    admit(centre, Detail(department="civil", skew=-3_600_000))
    assert [one.skew for one in following.now().deliveries] == [timedelta(hours=-1)]
    assert following.now() == facts_of(centre)


def test_of_steps_of_one_moment_the_last_one_counts(centre: CentreNode) -> None:
    admit(centre, Detail(department="civil"))
    refused = {"feed": FEED, "period": PERIOD, "code": "YZ-2040", "digest": DIGEST}
    centre.ledger.append(Event(at=ADMITTED, kind=EventKind.REFUSED, **refused))
    facts = facts_of(centre)
    assert last_attempts(facts, ADMITTED)[FEED].code == "YZ-2040"
    rows = board(centre.owed, facts, moment("2026-11-12T00:00:00"))
    (row,) = (row for row in rows if (row.feed, row.period) == (FEED, Period.parse(PERIOD)))
    assert row.stage is not None
    assert (row.stage.step, row.stage.code) == ("refused", "YZ-2040")


def test_the_last_attempt_of_a_feed_is_its_newest_step_with_the_code_it_failed_with(centre: CentreNode) -> None:
    admit(centre, Detail(department="civil"))
    refused = {"feed": FEED, "period": "2026-11", "code": "YZ-2040"}
    centre.ledger.append(Event(at=ADMITTED + timedelta(days=1), kind=EventKind.REFUSED, **refused))
    facts = facts_of(centre)
    for at, code in ((ADMITTED, None), (ADMITTED + timedelta(days=1), "YZ-2040")):
        assert {feed: one.code for feed, one in last_attempts(facts, at).items()} == {FEED: code}
    assert last_attempts(facts, ADMITTED - timedelta(seconds=1)) == {}
