"""Who may read what: grants are ledger lines, end by themselves, and are given by those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.errors import (
    DutyMissing,
    GrantEnded,
    GrantNumberTaken,
    GrantUnknown,
    LedgerTextRefused,
    NotGranted,
    UnknownName,
)
from gateway.subscribers import grants_in, require_readable
from tests.subscribers.conftest import NEIGHBOUR, NOW, OWN, Office

FEED, PLATFORM, APPROVER = "civil.dibao", "livelihood_supervision", "p101"
UNTIL = NOW + timedelta(days=30)


def give(office: Office, number: str = "湘纪授〔2026〕12号", **changes: object):
    wanted = {
        "reader": PLATFORM,
        "feeds": [FEED],
        "region": OWN,
        "until": UNTIL,
        "by": APPROVER,
        "reason": "低保比对",
    } | changes
    return office.grants.grant(number, **wanted)


def test_a_grant_is_what_its_ledger_lines_say_and_the_ledger_stays_whole(office: Office) -> None:
    granted = give(office, feeds=[FEED, "finance.onecard", FEED])
    lines = [line for line in office.ledger.lines() if line.event == "granted"]
    assert [(line.feed, line.by, line.said.subscriber, line.said.reason) for line in lines] == [
        (FEED, APPROVER, PLATFORM, "低保比对"),
        ("finance.onecard", APPROVER, PLATFORM, "低保比对"),
    ]
    assert grants_in(office.ledger.lines()) == (granted,)
    assert (granted.feeds, granted.region, granted.until) == ((FEED, "finance.onecard"), OWN, UNTIL)
    assert list(office.ledger.verify(office.warehouse.anchors())) == []


def test_a_grant_holds_until_its_end_and_not_a_moment_longer(office: Office) -> None:
    granted = give(office)
    for at, allowed in ((UNTIL - timedelta(microseconds=1), True), (UNTIL, False)):
        if allowed:
            assert require_readable(PLATFORM, FEED, OWN, (granted,), at) == granted
        else:
            with pytest.raises(NotGranted):
                require_readable(PLATFORM, FEED, OWN, (granted,), at)


def test_a_revoked_grant_opens_nothing_and_revoking_again_adds_no_line(office: Office) -> None:
    give(office)
    office.now = NOW + timedelta(days=1)
    revoked = office.grants.revoke("湘纪授〔2026〕12号", by=APPROVER, reason="比对完成")
    again = office.grants.revoke("湘纪授〔2026〕12号", by=APPROVER, reason="再次")
    assert revoked == again and revoked.revoked_at == office.now
    assert sum(line.event == "revoked" for line in office.ledger.lines()) == 1
    with pytest.raises(NotGranted):
        require_readable(PLATFORM, FEED, OWN, office.grants.grants(), office.now)
    assert require_readable(PLATFORM, FEED, OWN, office.grants.grants(), NOW) == revoked


@pytest.mark.parametrize(
    ("reader", "feed", "region"),
    [
        (PLATFORM, "finance.onecard", OWN),
        (PLATFORM, FEED, NEIGHBOUR),
        ("power_supervision", FEED, OWN),
        (NEIGHBOUR, FEED, OWN),
    ],
)
def test_a_grant_covers_its_reader_feed_and_region_alone(office: Office, reader: str, feed: str, region: str) -> None:
    with pytest.raises(NotGranted):
        require_readable(reader, feed, region, (give(office),), NOW)


@pytest.mark.parametrize(("reader", "region"), [(OWN, OWN), ("430400", OWN), ("430000", OWN), ("430400", "430481")])
def test_readers_of_a_region_need_no_grant_for_what_lies_in_it(reader: str, region: str) -> None:
    assert require_readable(reader, FEED, region, (), NOW) is None


@pytest.mark.parametrize(("reader", "region"), [(OWN, "430400"), (OWN, NEIGHBOUR), ("430700", OWN)])
def test_reading_across_regions_takes_a_grant(office: Office, reader: str, region: str) -> None:
    with pytest.raises(NotGranted):
        require_readable(reader, FEED, region, (), NOW)
    granted = give(office, reader=reader, region=region)
    assert require_readable(reader, FEED, region, (granted,), NOW) == granted


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"by": "p999"}, DutyMissing),
        ({"until": NOW}, GrantEnded),
        ({"reader": "nobody"}, UnknownName),
        ({"reader": "4304"}, UnknownName),
        ({"region": "hunan"}, UnknownName),
        ({"feeds": ["civil.nothing"]}, UnknownName),
        ({"reason": "430482195001010016"}, LedgerTextRefused),
    ],
)
def test_what_cannot_be_granted_is_refused_and_leaves_no_line(office: Office, changes, refusal) -> None:
    before = office.ledger.head()
    with pytest.raises(refusal):
        give(office, **changes)
    assert office.ledger.head() == before


def test_a_number_stands_for_one_grant(office: Office) -> None:
    give(office)
    with pytest.raises(GrantNumberTaken):
        give(office, feeds=["finance.onecard"])
    with pytest.raises(GrantUnknown):
        office.grants.revoke("另一号", by=APPROVER, reason="-")
