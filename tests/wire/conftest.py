"""One centre for the tests that leave it as they found it; those that kill or reconfigure one make their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.world import CentreProcess, World


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
