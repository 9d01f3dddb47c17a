"""A warehouse of the test's own, on each product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import Ledger
from gateway.warehouse import Warehouse
from tests.peers.products import product, server
from tests.peers.stores import Stranger, Where, drop, fresh, stranger
from tests.warehouse import feeds

__all__ = ["product", "server"]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """A server has only so many connections, and a disk so much room for databases."""
    yield
    while feeds.OPENED:
        feeds.OPENED.pop().dispose()


@pytest.fixture
def where(product: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Where]:
    """A database with the fixed tables, empty."""
    if product == "sqlite":
        yield tmp_path / "warehouse.db"
    else:
        server = request.getfixturevalue("server")
        made = fresh(server, *feeds.SCHEMAS)
        yield made
        drop(server, made)


@pytest.fixture
def opened(where: Where) -> tuple[Warehouse, Ledger]:
    return feeds.open_warehouse(where)


@pytest.fixture
def warehouse(opened: tuple[Warehouse, Ledger]) -> Warehouse:
    return opened[0]


@pytest.fixture
def ledger(opened: tuple[Warehouse, Ledger]) -> Ledger:
    return opened[1]


@pytest.fixture
def outside(opened: tuple[Warehouse, Ledger], where: Where) -> Iterator[Stranger]:
    """Someone else's connection to the same database."""
    with stranger(where) as connection:
        yield connection
