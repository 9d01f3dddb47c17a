"""Which centres a department's data goes to is not the office's alone to change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.registry import Registry
from gateway.catalogue import OwnedSource
from gateway.catalogue.load import Overrides
from gateway.catalogue.yaml import parse_text
from gateway.errors import CatalogueRecipientPushed, YizhanError
from gateway.publication import Refused, take
from gateway.publication.connections import Consent
from gateway.publication.recipients import require_recipients_kept
from tests.publication.conftest import FEED, FILE, Department, changed

SOURCE = parse_text("adapter: files\npath: a.txt\n", Path("feeds.yaml"))
CONNECTED: Overrides = {FEED: parse_text("adapter: files\nroot: /data\n", Path("site.yaml"))}
ROUTES = "    routes: [changning]\n"


def goes(*centres: str, department: str = "agri") -> dict[str, OwnedSource]:
    return {FEED: OwnedSource(department=department, centres=frozenset(centres), source=SOURCE)}


def require(
    new: dict[str, OwnedSource],
    before: dict[str, OwnedSource],
    *recipients: str,
    overrides: Overrides = CONNECTED,
) -> None:
    adapters = Registry.installed().configs()
    consent = Consent(department="agri", adapters=adapters, overrides=overrides, recipients=frozenset(recipients))
    require_recipients_kept(new, before, consent)


def refused(new: dict[str, OwnedSource], before: dict[str, OwnedSource], *recipients: str) -> str:
    with pytest.raises(CatalogueRecipientPushed) as error:
        require(new, before, *recipients)
    assert error.value.facts["feed"] == FEED
    return str(error.value.facts["centre"])


def test_no_centre_is_added_that_the_department_has_not_named() -> None:
    before = goes("changning")
    assert refused(goes("changning", "hengyang"), before) == "hengyang"
    assert refused(goes("hengyang"), before, "hunan") == "hengyang"
    require(goes("changning", "hengyang"), before, "hengyang")


def test_one_may_be_taken_away() -> None:
    require(goes("changning"), goes("changning", "hengyang"))


def test_a_feed_that_is_connected_here_cannot_come_back_from_another_department_with_other_routes() -> None:
    theirs = goes("changning", department="civil")
    assert refused(goes("changning"), theirs) == "changning"
    require(theirs, goes("changning"))


def test_a_feed_that_is_new_and_not_connected_goes_where_it_says() -> None:
    require(goes("changning", "hengyang"), {}, overrides={})


def test_a_version_that_sends_data_to_one_more_centre_is_refused_until_the_department_names_it(
    department: Department,
) -> None:
    assert take(department.paper(3), department.taker) == 3
    (other,) = [one for one in department.files if one.path == FILE]
    assert other.text.count(ROUTES) == 1
    more = changed(department.files, ROUTES, "    routes: [changning, hengyang]\n")
    more = tuple(
        replace(one, text=one.text.replace("centres:\n", CENTRES)) if "\ncentres:\n" in one.text else one
        for one in more
    )
    paper = department.paper(4, more)
    with pytest.raises(YizhanError) as error:
        take(paper, department.taker)
    assert (error.value.code, error.value.facts["centre"]) == ("YZ-1024", "hengyang")
    assert (department.shelf.newest(), department.shelf.refused()) == (
        3,
        Refused(version=4, code="YZ-1024", under="5f" * 32),
    )
    ground = department.taker.ground
    letting = replace(ground, consent=replace(ground.consent, recipients=frozenset({"hengyang"})))
    assert take(paper, replace(department.taker, ground=letting)) == 4


CENTRES = """centres:
  - id: hengyang
    title: 衡阳市数据归集中心
    level: city
    region: "430400"
"""
