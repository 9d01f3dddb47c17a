"""The real Airflow in `.airflow/venv`, which `make airflow-env` makes (and `make test` with it); a county behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.county import County
from gateway.demo.servers import free_port
from scripts.airflow_county import Running, running
from scripts.airflow_local import PYTHON
from tests.airflow.county import ROWS, Cables, prepared
from tests.airflow.rest import User
from tests.peers.command import Yizhan


@pytest.fixture(scope="session", autouse=True)
def airflow_environment() -> None:
    """Without it nothing here can run; where everything must run, that is no excuse."""
    if not PYTHON.exists() and not os.environ.get("CI"):
        pytest.skip("no Airflow here: make airflow-env")
    assert PYTHON.exists()


SETTINGS = {
    "YIZHAN_RETRY_SECONDS": "3",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",  # what a killed one waited for is taken over then
}


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Cables]]:
    """Started once for the folder: real centre, real agents, real sources, real Airflow."""
    root = tmp_path_factory.mktemp("county") / "all"
    laid: list[Cables] = []

    def lay(county: County) -> None:
        laid.append(prepared(county))

    with running(root, free_port(), ROWS, before=lay, settings=SETTINGS) as started:
        yield started, laid[0]
        laid[0].close()


@pytest.fixture(scope="session")
def world(begun: tuple[Running, Cables]) -> Running:
    return begun[0]


@pytest.fixture
def cables(begun: tuple[Running, Cables]) -> Iterator[Cables]:
    """Whatever a test held up or cut goes on after it."""
    yield begun[1]
    begun[1].recover()


@pytest.fixture(scope="session")
def admin(world: Running) -> User:
    return User(world.airflow.place, "admin")


@pytest.fixture
def centre(world: Running, tmp_path: Path) -> Yizhan:
    return Yizhan(scratch=tmp_path, environ={"YIZHAN_SITE": str(world.county.centre)})


@pytest.fixture
def finance(world: Running, tmp_path: Path) -> Yizhan:
    """The fiscal bureau's front-end, at its command line."""
    return Yizhan(scratch=tmp_path, environ={"YIZHAN_SITE": str(world.county.front_end("finance"))})
