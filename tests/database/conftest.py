"""An empty database of the test's own, on each product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.database import open_database
from tests.peers.products import product, server
from tests.peers.stores import Where, fresh

__all__ = ["product", "server"]


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Where:
    return tmp_path / "some.db" if product == "sqlite" else fresh(request.getfixturevalue("server"))


@pytest.fixture
def engine(where: Where) -> Iterator[Engine]:
    opened = open_database(where)
    yield opened
    opened.dispose()
