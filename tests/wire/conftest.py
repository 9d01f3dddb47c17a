"""One centre for the tests that leave it as they found it; those that kill or reconfigure one make their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.hatchery import Hatchery
from tests.journeys.world import new_hatchery
from tests.office.world import Centre, Receiver, centre_on
from tests.peers.products import server
from tests.wire.world import CentreProcess, World

__all__ = ["server"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def centre(world: World) -> Iterator[CentreProcess]:
    process = CentreProcess(world.directory / "changning")
    yield process
    process.kill()


@pytest.fixture
def own_world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def own_centre(own_world: World) -> Iterator[CentreProcess]:
    process = CentreProcess(own_world.directory / "changning")
    yield process
    process.kill()


@pytest.fixture(scope="module")
def hatchery() -> Iterator[Hatchery]:
    child = new_hatchery()
    yield child
    child.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def county(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hatchery: Hatchery
) -> Iterator[Centre]:
    server = request.getfixturevalue("server") if request.param == "postgresql" else None
    with centre_on(tmp_path_factory.mktemp("county"), server, hatchery) as made:
        yield made


@pytest.fixture(scope="module")
def receiver(county: Centre) -> Receiver:
    return county.receiver()
