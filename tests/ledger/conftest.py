"""A database of the test's own, on each product."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.ledger import SCHEMA
from tests.peers.products import product, server
from tests.peers.stores import Where, fresh

__all__ = ["product", "server"]


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Where:
    """A database with the ledger's tables, empty."""
    return tmp_path / "ledger.db" if product == "sqlite" else fresh(request.getfixturevalue("server"), SCHEMA)
