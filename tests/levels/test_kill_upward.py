"""Centres that are killed at any step of sending upward, or of taking what is sent, and started again.

Every centre that is addressed loads once, every receipt comes down, and nothing is left lying on the way.
"""

from __future__ import annotations

import pytest

from tests.levels.realm import (
    CITY,
    COUNTY,
    DEPARTMENT,
    PAST_THE_CITY,
    PATIENCE,
    PROVINCE,
    TO_ALL,
    Realm,
)

ALL = (COUNTY, CITY, PROVINCE)
FORWARD, RECEIVE = "gateway.forward", "gateway.receive.journey"


def killed(realm: Realm, centre: str, moment: str, feed: str, period: str) -> None:
    """A run during which a centre dies, and is started again; the run itself has to end well."""
    realm.serve(*(other for other in ALL if other != centre))
    realm.serve(centre, killed=moment)
    run = realm.begin("run", feed, "--period", period)
    realm.bury_process(centre)
    realm.serve(centre)
    ended = run.wait(PATIENCE)
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("return:gateway.spool.draft:link_sealed:1", id="linked, not shown"),
        pytest.param("return:gateway.spool.queue:Spool.adopt:1", id="waiting"),
        pytest.param("call:gateway.transport.client:CentreClient.submit:1", id="claimed"),
        pytest.param("return:gateway.transport.client:CentreClient.upload:1", id="uploaded"),
        pytest.param("call:gateway.envelope.receipt:check_receipt:1", id="receipt at hand"),
        pytest.param(f"return:{FORWARD}:_enter_forwarded:1", id="receipt in the ledger"),
        pytest.param("return:gateway.inbox.local:LocalInbox.keep_receipt:1", id="receipt beside the batch"),
        pytest.param("call:gateway.spool.queue:Spool.lighten:1", id="settled"),
        pytest.param("call:gateway.inbox.local:LocalInbox.keep_receipt:2", id="a further receipt at hand"),
        pytest.param("return:gateway.inbox.local:LocalInbox.keep_receipt:2", id="a further receipt kept"),
    ],
)
def test_a_county_killed_there_forwards_and_every_level_loads_once(levels: Realm, moment: str) -> None:
    period = next(levels.quarters)
    killed(levels, COUNTY, moment, TO_ALL, period)
    levels.arrived(TO_ALL, period, ALL)
    batch = f"{TO_ALL}/{period}/r1"
    told = [(line.event, line.centre) for line in levels.lines(COUNTY, batch) if line.event == "forwarded"]
    assert told == [("forwarded", CITY), ("forwarded", PROVINCE)]
    assert levels.state(COUNTY, TO_ALL, period, "upward") == ["done"]
    assert levels.answered_by(COUNTY, TO_ALL, period) == list(ALL)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("return:gateway.spool.queue:Spool.arrive:1", id="before the admission's line"),
        pytest.param(f"call:{RECEIVE}:Reception.load:1", id="uploaded"),
        pytest.param("return:gateway.envelope.receipt:issue_receipt:1", id="receipt made, not committed"),
        pytest.param("return:gateway.warehouse.store:Warehouse.load:1", id="committed"),
    ],
)
def test_a_city_killed_there_loads_once_what_the_county_sends(levels: Realm, moment: str) -> None:
    period = next(levels.quarters)
    killed(levels, CITY, moment, TO_ALL, period)
    levels.arrived(TO_ALL, period, ALL)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("return:gateway.receive.carrying:enter_relayed:1", id="its line written"),
        pytest.param("return:gateway.inbox.local:LocalClaim.carry:1", id="put aside"),
        pytest.param(f"return:{FORWARD}:_enter_forwarded:1", id="receipt in the ledger"),
        pytest.param("call:gateway.spool.tree:Tree.move:3", id="the third move"),
        pytest.param("return:gateway.spool.queue:Spool.answer:1", id="answered"),
    ],
)
def test_a_city_killed_there_carries_once_what_is_not_addressed_to_it(levels: Realm, moment: str) -> None:
    period = next(levels.quarters)
    killed(levels, CITY, moment, PAST_THE_CITY, period)
    levels.arrived(PAST_THE_CITY, period, (COUNTY, PROVINCE))
    events = levels.events(CITY, f"{PAST_THE_CITY}/{period}/r1")
    assert [event for event in events if event in ("relayed", "forwarded")] == ["relayed", "forwarded"]
    assert levels.state(CITY, PAST_THE_CITY, period) == levels.state(CITY, PAST_THE_CITY, period, "upward") == ["done"]


def test_all_three_killed_at_once_end_with_every_receipt(levels: Realm) -> None:
    period = next(levels.quarters)
    killed(levels, COUNTY, f"return:{FORWARD}:_enter_forwarded:1", TO_ALL, period)
    levels.stop(*ALL)
    levels.serve(PROVINCE, killed="return:gateway.warehouse.store:Warehouse.load:1")
    levels.serve(CITY, killed="return:gateway.transport.client:CentreClient.upload:1")
    later = next(levels.quarters)
    levels.serve(COUNTY)
    levels.run(TO_ALL, later)
    levels.bury_process(CITY)
    levels.serve(CITY)
    levels.bury_process(PROVINCE)
    levels.serve(PROVINCE)
    for quarter in (period, later):
        levels.arrived(TO_ALL, quarter, ALL)


def test_every_node_is_sound_after_all_this(levels: Realm) -> None:
    levels.serve(*ALL)
    assert levels.yizhan("deliver", at=DEPARTMENT).code == 0
    levels.sound()
