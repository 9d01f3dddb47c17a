"""One PostgreSQL and one object store for all tests of a worker; each test has a database and a place of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.database import PostgresAddress, open_database
from gateway.inbox.tables import SCHEMA
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import new_hatchery
from tests.peers.objects import ObjectStore, object_store
from tests.peers.postgres import Postgres, postgres
from tests.peers.stores import fresh
from tests.scale.stores import Place, bucket_place, folder_place

_numbers = itertools.count()


@pytest.fixture(scope="session")
def hatchery() -> Iterator[Hatchery]:
    child = new_hatchery()
    yield child
    child.close()


@pytest.fixture(scope="session")
def database_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def store() -> Iterator[ObjectStore]:
    with object_store() as server:
        yield server


@pytest.fixture(scope="session")
def where(database_server: Postgres) -> PostgresAddress:
    return fresh(database_server, SCHEMA)


@pytest.fixture
def engines(where: PostgresAddress) -> Iterator[Callable[[], Engine]]:
    """Makes engines of one database: one for each receiver."""
    opened = []

    def make() -> Engine:
        opened.append(open_database(where))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


@pytest.fixture
def region() -> str:
    """An inbox of the test's own in that database: no other test's centre answers for this region."""
    return f"43{next(_numbers):04}"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        (tmp_path / "inbox").mkdir()
        return folder_place(tmp_path / "inbox")
    store: ObjectStore = request.getfixturevalue("store")
    name = f"bucket-{next(_numbers)}"
    store.create_bucket(name)
    return bucket_place(store, name)
