"""A centre behind nginx: one for the tests that leave it as they found it, and one of its own for each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.world import Behind, behind


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind(tmp_path_factory.mktemp("county")) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Behind]:
    with behind(tmp_path) as running:
        yield running
