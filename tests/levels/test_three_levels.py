"""County, city, province: each loads what is addressed to it alone, and the department sees every receipt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import NotARecipient, NotEntitled, UploadUnknown
from tests.journeys.wire import Answer
from tests.levels.realm import (
    CITY,
    COUNTY,
    DEPARTMENT,
    PAST_THE_CITY,
    PAST_THE_COUNTY,
    PROVINCE,
    TO_ALL,
    Realm,
    Written,
    wait_until,
)

SEALED = ("manifest.p7s", "keys.p7m", "payload")


def submit(realm: Realm, centre: str, holder: str, entry: Path) -> Answer:
    with realm.line(centre, holder) as wire:
        return wire.submit((entry / "manifest.p7s").read_bytes(), (entry / "keys.p7m").read_bytes())


def hand_over(realm: Realm, centre: str, entry: Path) -> bytes:
    """The department brings a batch to a centre itself, past those below it; the receipt it gets."""
    manifest = (entry / "manifest.p7s").read_bytes()
    with realm.line(centre, DEPARTMENT) as wire:
        assert wire.submit(manifest, (entry / "keys.p7m").read_bytes()).status == 201
        assert wire.upload(manifest, (entry / "payload").read_bytes()).status == 204
        answer = wire.receipt(manifest)
    assert answer.status == 200
    return answer.body


def test_a_batch_for_three_centres_is_loaded_once_at_each_and_the_department_gets_three_receipts(realm: Realm) -> None:
    period = next(realm.quarters)
    realm.run(TO_ALL, period)
    realm.arrived(TO_ALL, period, (COUNTY, CITY, PROVINCE))
    batch = f"{TO_ALL}/{period}/r1"
    assert realm.lines(DEPARTMENT, batch) == [
        Written(event="landed", code=None, centre=None),
        Written(event="sealed", code=None, centre=None),
        *(Written(event="receipted", code=None, centre=centre) for centre in (COUNTY, CITY, PROVINCE)),
    ]
    assert realm.lines(COUNTY, batch)[2:] == [
        Written(event="forwarded", code=None, centre=centre) for centre in (CITY, PROVINCE)
    ]
    assert realm.lines(CITY, batch) == [
        Written(event="admitted", code=None, centre=None, by=f"centre:{COUNTY}"),
        Written(event="loaded", code=None, centre=None),
        Written(event="forwarded", code=None, centre=PROVINCE),
    ]
    for centre, above in ((COUNTY, [CITY, PROVINCE]), (CITY, [PROVINCE]), (PROVINCE, [])):
        assert realm.answered_by(centre, TO_ALL, period) == [centre, *above]
    realm.sound()


def test_a_batch_passes_the_city_unopened_byte_for_byte(realm: Realm) -> None:
    period = next(realm.quarters)
    realm.run(PAST_THE_CITY, period)
    realm.arrived(PAST_THE_CITY, period, (COUNTY, PROVINCE))
    batch = f"{PAST_THE_CITY}/{period}/r1"
    assert realm.events(CITY, batch) == ["admitted", "relayed", "forwarded"]
    assert (realm.rows(CITY, PAST_THE_CITY, period), realm.loads(CITY, batch)) == (0, 0)
    sealed = realm.entry(DEPARTMENT, PAST_THE_CITY, period)
    for centre in (COUNTY, CITY, PROVINCE):
        entry = realm.entry(centre, PAST_THE_CITY, period)
        assert [(entry / file).read_bytes() for file in SEALED] == [(sealed / file).read_bytes() for file in SEALED]
    assert realm.answered_by(CITY, PAST_THE_CITY, period) == [PROVINCE]


def test_what_goes_upward_is_linked_not_copied_and_is_named_once_when_it_is_there(realm: Realm) -> None:
    realm.stop(CITY)
    period = next(realm.quarters)
    realm.run(TO_ALL, period)
    wait_until(lambda: realm.state(COUNTY, TO_ALL, period, "upward") == ["ready"])
    waiting = realm.entry(COUNTY, TO_ALL, period, "upward") / "payload"
    payload = realm.entry(COUNTY, TO_ALL, period) / "payload"
    assert waiting.samefile(payload)
    realm.serve(CITY)
    realm.arrived(TO_ALL, period, (COUNTY, CITY, PROVINCE))
    assert realm.state(COUNTY, TO_ALL, period, "upward") == ["done"]
    assert payload.stat().st_nlink == 1


def test_a_relay_holds_no_key_loads_no_row_and_issues_no_receipt_of_its_own(relay: Realm) -> None:
    period = next(relay.quarters)
    relay.run(PAST_THE_COUNTY, period)
    batch = f"{PAST_THE_COUNTY}/{period}/r1"
    assert relay.answered_by(DEPARTMENT, PAST_THE_COUNTY, period) == [CITY]
    assert relay.events(COUNTY, batch) == ["admitted", "relayed", "forwarded"]
    assert relay.rows(COUNTY, PAST_THE_COUNTY, period) == relay.loads(COUNTY, batch) == 0
    assert relay.rows(CITY, PAST_THE_COUNTY, period) > 0
    assert not [*(relay.site(COUNTY) / "keys").glob("*encrypt*"), *(relay.site(COUNTY) / "keys").glob("sign.*")]
    board = json.loads(relay.yizhan("status", "--json", at=COUNTY).out)
    assert board["feeds"] == [], "what only passes a centre is not owed to it"


def test_a_centre_without_a_part_in_it_refuses_a_batch(realm: Realm) -> None:
    period = next(realm.quarters)
    entry = realm.seal(PAST_THE_COUNTY, period)
    answer = submit(realm, PROVINCE, DEPARTMENT, entry)
    assert (answer.status, answer.code) == (422, NotARecipient.code)
    assert realm.lines(PROVINCE, f"{PAST_THE_COUNTY}/{period}/r1") == [
        Written(event="refused", code=NotARecipient.code, centre=None)
    ]
    assert realm.entries(PROVINCE, PAST_THE_COUNTY, period) == []


@pytest.mark.parametrize(
    ("centre", "holder"),
    [
        pytest.param(COUNTY, CITY, id="from above"),
        pytest.param(PROVINCE, COUNTY, id="past the centre between them"),
        pytest.param(CITY, PROVINCE, id="from the province down"),
        pytest.param(CITY, CITY, id="from itself"),
    ],
)
def test_a_batch_comes_from_its_department_or_from_directly_below(realm: Realm, centre: str, holder: str) -> None:
    period = next(realm.quarters)
    entry = realm.seal(TO_ALL, period)
    answer = submit(realm, centre, holder, entry)
    assert (answer.status, answer.code) == (403, NotEntitled.code)
    assert realm.lines(centre, f"{TO_ALL}/{period}/r1") == [
        Written(event="refused", code=NotEntitled.code, centre=None, by=f"centre:{holder}")
    ]


def test_one_batch_from_the_department_and_from_below_is_loaded_once_with_one_receipt(realm: Realm) -> None:
    period = next(realm.quarters)
    entry = realm.seal(TO_ALL, period)
    received = hand_over(realm, CITY, entry)
    assert realm.yizhan("deliver").code == 0
    realm.arrived(TO_ALL, period, (COUNTY, CITY, PROVINCE))
    assert (realm.entry(DEPARTMENT, TO_ALL, period) / "receipt-hengyang.p7s").read_bytes() == received
    assert realm.events(CITY, f"{TO_ALL}/{period}/r1").count("duplicate") == 1
    again = submit(realm, CITY, DEPARTMENT, realm.entry(DEPARTMENT, TO_ALL, period))
    assert (again.status, again.body) == (200, received)


def test_receipts_are_shown_to_the_department_and_to_the_centre_below_and_to_nobody_else(realm: Realm) -> None:
    period = next(realm.quarters)
    realm.run(TO_ALL, period)
    realm.complete(TO_ALL, period, (COUNTY, CITY, PROVINCE))
    entry = realm.entry(DEPARTMENT, TO_ALL, period)
    manifest = (entry / "manifest.p7s").read_bytes()
    for holder in (DEPARTMENT, COUNTY):
        with realm.line(CITY, holder) as wire:
            answer = wire.receipts(manifest)
            assert (answer.status, len(json.loads(answer.body)["receipts"])) == (200, 2)
    for holder in (PROVINCE, CITY):
        with realm.line(CITY, holder) as wire:
            answers = [wire.receipt(manifest, seconds=0), wire.receipts(manifest), wire.offset(manifest)]
            assert [answer.status for answer in answers] == [404, 404, 404]
            assert answers[1].code == UploadUnknown.code
