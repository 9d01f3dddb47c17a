"""Three levels for all tests of a worker, each with quarters of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.world import new_hatchery
from tests.levels.realm import CENTRES, CITY, COUNTY, FEEDS, PAST_THE_COUNTY, Realm, found_realm


@pytest.fixture(scope="session")
def hatchery() -> Iterator[Hatchery]:
    child = new_hatchery()
    yield child
    child.close()


@pytest.fixture(scope="session")
def levels(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Realm]:
    """Its centres may be stopped, killed and started by whoever uses them."""
    realm = found_realm(tmp_path_factory.mktemp("levels"), hatchery, FEEDS)
    yield realm
    realm.stop(*CENTRES)


@pytest.fixture
def realm(levels: Realm) -> Realm:
    """The same, with all three serving."""
    levels.serve(*CENTRES)
    return levels


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery) -> Iterator[Realm]:
    """A county that only carries: it has neither a key to open batches nor one to sign; they lie `aside`."""
    feeds = {PAST_THE_COUNTY: FEEDS[PAST_THE_COUNTY]}
    realm = found_realm(tmp_path_factory.mktemp("relay"), hatchery, feeds)
    realm.site("aside").mkdir()
    for name in ("encrypt.crt", "encrypt.key", "sign.crt", "sign.key"):
        (realm.site(COUNTY) / "keys" / name).rename(realm.site("aside") / name)
    realm.serve(COUNTY, CITY)
    yield realm
    realm.stop(COUNTY, CITY)
