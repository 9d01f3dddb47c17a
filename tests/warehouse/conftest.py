"""A warehouse in a directory of the test's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger import Ledger
from gateway.warehouse import Warehouse
from tests.warehouse import feeds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.db"


@pytest.fixture
def opened(path: Path) -> tuple[Warehouse, Ledger]:
    return feeds.open_warehouse(path)


@pytest.fixture
def warehouse(opened: tuple[Warehouse, Ledger]) -> Warehouse:
    return opened[0]


@pytest.fixture
def ledger(opened: tuple[Warehouse, Ledger]) -> Ledger:
    return opened[1]


@pytest.fixture
def outside(opened: tuple[Warehouse, Ledger], path: Path) -> Iterator[sqlite3.Connection]:
    """Someone else's connection to the same file."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()
