"""One world for each test process."""

from __future__ import annotations

import pytest

from tests.envelope.world import Files, World


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def files(world: World) -> Files:
    """A sealed batch for one centre."""
    return world.seal()
