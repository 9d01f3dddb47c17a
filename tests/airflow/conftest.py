"""The real Airflow in `.airflow/venv`, which `make airflow-env` makes (and `make test` with it); a county behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.servers import free_port
from scripts.airflow_county import Running, running
from scripts.airflow_local import PYTHON
from tests.airflow.county import ROWS, prepared
from tests.airflow.rest import User
from tests.peers.command import Yizhan


@pytest.fixture(scope="session", autouse=True)
def airflow_environment() -> None:
    """Without it nothing here can run; where everything must run, that is no excuse."""
    if not PYTHON.exists() and not os.environ.get("CI"):
        pytest.skip("no Airflow here: make airflow-env")
    assert PYTHON.exists()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Started once for the folder: real centre, real agents, real sources, real Airflow."""
    root = tmp_path_factory.mktemp("county") / "all"
    settings = {"YIZHAN_RETRY_SECONDS": "5"}
    with running(root, free_port(), ROWS, before=prepared, settings=settings) as started:
        yield started


@pytest.fixture(scope="session")
def admin(world: Running) -> User:
    return User(world.airflow.place, "admin")


@pytest.fixture
def centre(world: Running, tmp_path: Path) -> Yizhan:
    return Yizhan(scratch=tmp_path, environ={"YIZHAN_SITE": str(world.county.centre)})
