"""Whose heartbeat a centre takes, and what of it: the connection's certificate says who, and feeds have one owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.app import open_node
from gateway.calendar import Period
from gateway.catalogue import Catalogue
from gateway.demo.county import CENTRE, County, found
from gateway.errors import HeartbeatNotAwaited, HeartbeatOfOthers
from gateway.keys import Identity, Party
from gateway.presence import Attempt, HeldPeriod
from gateway.receive.entitlement import own_report
from tests.wire.reports import AT, REPORT

OCTOBER = Period.parse("2026-10")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    county = County(root=tmp_path_factory.mktemp("county"))
    found(county, at=datetime.now(UTC), port=8443, starts={})
    return open_node(county.centre, {}).catalogue


def peer(name: str, party: Party = Party.DEPARTMENT) -> Identity:
    return Identity(party=party, id=name, serial="1", fingerprint="1", not_after=AT)


def test_a_department_is_heard_about_its_own_feeds(catalogue: Catalogue) -> None:
    assert own_report(REPORT, peer("finance"), CENTRE, catalogue) == REPORT


@pytest.mark.parametrize(
    "stranger", [peer("water"), peer(CENTRE, Party.CENTRE), peer("finance", Party.CENTRE)], ids=str
)
def test_who_owes_nothing_here_is_not_heard(catalogue: Catalogue, stranger: Identity) -> None:
    with pytest.raises(HeartbeatNotAwaited) as refused:
        own_report(replace(REPORT, attempts=(), held=()), stranger, CENTRE, catalogue)
    assert refused.value.facts == {"presented": str(stranger)}


def test_a_department_is_not_heard_at_a_centre_that_its_feeds_do_not_pass(catalogue: Catalogue) -> None:
    feeds = tuple(replace(feed, path=("hengyang",), routes=("hengyang",)) for feed in catalogue.feeds)
    with pytest.raises(HeartbeatNotAwaited):
        own_report(REPORT, peer("finance"), CENTRE, replace(catalogue, feeds=feeds))


@pytest.mark.parametrize(
    "foreign",
    [
        {"attempts": (Attempt(feed="civil.dibao", period=OCTOBER, at=AT, code=None),)},
        {"held": (HeldPeriod(feed="civil.dibao", period=OCTOBER, since=AT),)},
    ],
    ids=["attempts", "held"],
)
def test_nobody_speaks_of_anothers_feed(catalogue: Catalogue, foreign: dict[str, object]) -> None:
    with pytest.raises(HeartbeatOfOthers) as refused:
        own_report(replace(REPORT, **foreign), peer("finance"), CENTRE, catalogue)
    assert refused.value.facts == {"presented": "department:finance", "feed": "civil.dibao"}


def test_a_feed_that_the_centres_catalogue_does_not_know_yet_is_left_out_and_silences_nobody(
    catalogue: Catalogue,
) -> None:
    new = Attempt(feed="finance.new_feed", period=OCTOBER, at=AT, code="YZ-2001")
    held = HeldPeriod(feed="finance.new_feed", period=OCTOBER, since=AT)
    said = replace(REPORT, attempts=(*REPORT.attempts, new), held=(held, *REPORT.held))
    assert own_report(said, peer("finance"), CENTRE, catalogue) == REPORT
