"""A database of the test's own, on each product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import SCHEMA
from tests.peers.postgres import Postgres
from tests.peers.products import product, server
from tests.peers.stores import Where, drop, fresh

__all__ = ["product", "server"]


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Where]:
    """A database with the ledger's tables, empty."""
    if product == "sqlite":
        yield tmp_path / "ledger.db"
        return
    running: Postgres = request.getfixturevalue("server")
    made = fresh(running, SCHEMA)
    yield made
    drop(running, made)
