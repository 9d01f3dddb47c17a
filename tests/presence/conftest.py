"""A county whose nodes have clocks of their own, and both database products."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from gateway.demo.sources import vouchers
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import ROOT, World, found_world
from tests.peers.products import product, server
from tests.presence.clocks import AHEAD, AT
from tests.presence.county import PERIOD, Hatched

__all__ = ["product", "server"]


@pytest.fixture(scope="session")
def hatched() -> Iterator[Hatched]:
    """Commands at a fixed moment."""
    made: list[Hatchery] = []

    def at(moment: datetime) -> Hatchery:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("YIZHAN_")}
        made.append(Hatchery(ROOT, environ | {"YIZHAN_NOW": moment.isoformat(), "PYTHONUTF8": "1"}))
        return made[-1]

    yield at
    for one in made:
        one.close()


@pytest.fixture
def county(hatched: Hatched, tmp_path: Path) -> World:
    """A county of the test's own, all of whose clocks stand at AT until a test turns them; nothing serves."""
    vouchers.write(tmp_path / "cwgl.db", 50, PERIOD.start, PERIOD.end, 7)
    return found_world(tmp_path / "county", tmp_path / "cwgl.db", hatched(AT))


@pytest.fixture(scope="session")
def world(hatched: Hatched, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A county whose front-ends' clocks are AHEAD of the centre's, which stands at AT; nothing serves."""
    source = tmp_path_factory.mktemp("source") / "cwgl.db"
    vouchers.write(source, 400, date(2025, 1, 1), date(2026, 1, 1), 7)
    return found_world(tmp_path_factory.mktemp("county"), source, hatched(AT + AHEAD))


@pytest.fixture(scope="session")
def centre(world: World, hatched: Hatched) -> Iterator[World]:
    """The same county as its centre's clock has it."""
    here = replace(world, hatchery=hatched(AT))
    yield here
    here.stop()
