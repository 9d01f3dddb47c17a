"""A database of the test's own, on each product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import SCHEMA
from tests.peers.postgres import Postgres, postgres
from tests.peers.stores import Where, fresh


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Where:
    """A database with the ledger's tables, empty."""
    return tmp_path / "ledger.db" if product == "sqlite" else fresh(request.getfixturevalue("server"), SCHEMA)
