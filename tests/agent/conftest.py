"""A county of its own for the agent's tests, whose village-finance front-end has an agent."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.office import Office
from tests.journeys.conftest import hatchery, source
from tests.journeys.hatchery import Command, Hatchery
from tests.journeys.world import PATIENCE, World, found_world

__all__ = ["hatchery", "source"]

Start = Callable[..., Command]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    world = found_world(tmp_path_factory.mktemp("county"), source, hatchery)
    yield world
    world.sound()
    world.stop()


@pytest.fixture
def world(county: World) -> World:
    """With a centre that serves."""
    county.serve()
    return county


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    made = Office.of(world)
    yield made
    made.node.database.dispose()


@pytest.fixture
def agent(world: World) -> Iterator[Start]:
    """Starts agents; those that still run at the end are told to stop, and have to, cleanly."""
    begun: list[Command] = []

    def start(*arguments: str, killed: str | None = None, site: Path | None = None) -> Command:
        begun.append(world.begin("agent", *arguments, killed=killed, site=site))
        return begun[-1]

    yield start
    for one in begun:
        if one.ended() is None:
            one.send(signal.SIGTERM)
            assert one.wait(PATIENCE).code == 0, one.ended()
