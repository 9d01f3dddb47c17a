"""One real centre of each product for the tests that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.world import new_hatchery
from tests.office.world import Centre, Receiver, centre_on
from tests.peers.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def hatchery() -> Iterator[Hatchery]:
    child = new_hatchery()
    yield child
    child.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def centre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery
) -> Iterator[Centre]:
    server = request.getfixturevalue("server") if request.param == "postgresql" else None
    with centre_on(tmp_path_factory.mktemp("county"), server, hatchery) as made:
        yield made


@pytest.fixture(scope="session")
def receiver(centre: Centre) -> Receiver:
    return centre.receiver()


@pytest.fixture(scope="session")
def other(centre: Centre, receiver: Receiver) -> Receiver:
    """A second receiver of the same centre."""
    return centre.receiver()
