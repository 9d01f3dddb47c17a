"""One county for all tests of a worker, each with quarters of its own; those that tamper with a node take a copy."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.demo.county import County
from tests.journeys.hatchery import Hatchery
from tests.journeys.stores import found_on_postgres
from tests.journeys.world import World, fill, found_world, new_hatchery
from tests.peers.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def hatchery() -> Iterator[Hatchery]:
    child = new_hatchery()
    yield child
    child.close()


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "cwgl.db"
    fill(path)
    return path


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """Its centre may be stopped, killed and started by whoever uses it."""
    world = found_world(tmp_path_factory.mktemp("county"), source, hatchery)
    yield world
    world.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One for all tests of a worker: databases are cheap."""
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def county_on_sqlite(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """Like `county`, but a module's own: it uses up many quarters."""
    world = found_world(tmp_path_factory.mktemp("county"), source, hatchery)
    yield world
    world.stop()


@pytest.fixture(scope="module")
def county_on_postgres(
    tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery, server: Postgres
) -> Iterator[World]:
    """The same, but its centre enters a database server, as one that may only load."""
    world = found_world(tmp_path_factory.mktemp("county"), source, hatchery)
    found_on_postgres(world.county, server, f"t{uuid.uuid4().hex}")
    yield world
    world.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> World:
    """The one, and then the other."""
    world: World = request.getfixturevalue(f"county_on_{request.param}")
    return world


@pytest.fixture
def world(county: World) -> World:
    """The same, with a centre that serves."""
    county.serve()
    return county


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> World:
    """Another county: two quarters have arrived, a third lies sealed, nothing runs any more."""
    world = found_world(tmp_path_factory.mktemp("quiet"), source, hatchery)
    world.serve()
    for _ in range(2):
        assert world.yizhan("run", "--period", next(world.quarters)).code == 0
    world.stop()
    sealed = "call:gateway.deliver:drain:1"
    assert world.yizhan("run", "--period", next(world.quarters), killed=sealed).code == -9
    world.sound()
    return world


@pytest.fixture
def damaged(quiet: World, tmp_path: Path) -> World:
    """A copy of it, to be damaged."""
    root = shutil.copytree(quiet.county.root, tmp_path / "county")
    return replace(quiet, county=County(root=root))
