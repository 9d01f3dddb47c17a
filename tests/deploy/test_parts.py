"""Airflow as the compose files start it: its real parts on a real PostgreSQL (and Redis) run a feed to its receipt.

Each part has the command, the settings and the secrets of its own service, so one that were given too little would fail
here. That takes minutes: `make soak`. Redis: Debian's, from the PATH or unpacked in .cache/redis.
"""

from __future__ import annotations

import json
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import sql

from gateway.demo.county import County
from gateway.demo.rehearsal import OfficeDoor, Volume, lay_out, prepare, start_with_office
from gateway.demo.servers import Servers
from scripts.airflow_county import compile_to
from tests.deploy import compose
from tests.deploy.parts import Here, Parts
from tests.deploy.test_install import STAGES, build
from tests.peers.daemons import Daemon, free_port
from tests.peers.postgres import postgres
from tests.peers.processes import ROOT

pytestmark = pytest.mark.soak
REDIS = shutil.which("redis-server") or str(ROOT / ".cache" / "redis" / "usr" / "bin" / "redis-server")
FEED, SMALL = "civil.dibao", Volume(onecard=60, dibao=60, vouchers=60)
PASSWORD = "s3cret-1f"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The airflow image's `bin`."""
    return build(STAGES["build-airflow"], tmp_path_factory.mktemp("airflow")).root / "opt" / "yizhan" / "bin"


@contextmanager
def county(root: Path) -> Iterator[tuple[County, OfficeDoor]]:
    """The sample county with its centre, its office interface and its agents."""

    def tell(zh: str, en: str) -> None:
        del zh, en

    made = prepare(root, tell)
    office = OfficeDoor(port=free_port(), token=secrets.token_urlsafe(32))
    with Servers(made.sources / "log") as servers:
        port = lay_out(made, servers, at=datetime.now(UTC), volume=SMALL, tell=tell)
        start_with_office(made, servers, port, office)
        yield made, office


@contextmanager
def metadata() -> Iterator[str]:
    """A database of Airflow's own, and its URL."""
    with postgres() as server:
        server.execute(
            [
                sql.SQL("CREATE ROLE airflow LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)),
                sql.SQL("CREATE DATABASE airflow OWNER airflow TEMPLATE template0"),
            ]
        )
        yield f"postgresql+psycopg://airflow:{PASSWORD}@{server.host}:{server.port}/airflow"


@contextmanager
def broker(home: Path) -> Iterator[int]:
    """The queue, configured as docs/deploy.md says, but for its place and its port."""
    if not Path(REDIS).exists():
        pytest.fail("no redis-server: unpack Debian's redis-server, redis-tools, liblua5.1-0, libjemalloc2, liblzf1")
    home.mkdir()
    port = free_port()
    configuration = home / "redis.conf"
    configuration.write_text(f"requirepass {PASSWORD}\nappendonly yes\ndir {home}\nport {port}\nbind 127.0.0.1\n")
    libraries = {"LD_LIBRARY_PATH": str(Path(REDIS).parents[1] / "lib" / "x86_64-linux-gnu")}
    daemon = Daemon(
        command=[REDIS, configuration], port=port, log=home / "log", ending=signal.SIGTERM,
        account=lambda: {"env": libraries},
    )  # fmt: skip
    daemon.start()
    try:
        yield port
    finally:
        daemon.stop()


def furnished(stack: ExitStack, root: Path, programs: Path, given: dict[str, str]) -> Here:
    """A county, its compiled catalogue, and Airflow's database and users."""
    made, office = stack.enter_context(county(root / "county"))
    compiled = root / "catalogue.json"
    assert compile_to(made, compiled) == 0
    users = [one.split(":")[0] for one in compose.environment_files(compose.county()["services"]["airflow-api"])[
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
    ].split(",")]  # fmt: skip
    return Here(
        programs=programs, home=root / "airflow", port=free_port(), office=f"http://127.0.0.1:{office.port}",
        compiled=compiled,
        given={
            "airflow_database_url": stack.enter_context(metadata()),
            "airflow_passwords": json.dumps(dict.fromkeys(users, PASSWORD)),
            "airflow_reader": PASSWORD,
            "office_token": office.token,
            **given,
        },
    )  # fmt: skip


def ask(here: Here, user: str, path: str) -> Any:
    with httpx.Client(base_url=f"http://127.0.0.1:{here.port}", timeout=30, trust_env=False) as client:
        login = {"username": user, "password": PASSWORD}
        token = client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        answer = client.get(f"/api/v2/{path}", headers={"Authorization": f"Bearer {token}"})
    return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()


def delivered(here: Here) -> bool:
    """Whether the feed's one run has ended well. Fails where it ended otherwise."""
    runs = (ask(here, "finance.p001", f"dags/{FEED}/dagRuns") or {"dag_runs": []})["dag_runs"]
    assert "failed" not in [run["state"] for run in runs]
    return [run["state"] for run in runs] == ["success"]


def test_with_local_executor_every_part_has_what_it_needs(tmp_path: Path, programs: Path) -> None:
    services = compose.county()["services"]
    with ExitStack() as stack:
        here = furnished(stack, tmp_path, programs, {})
        parts = stack.enter_context(Parts(services, here))
        parts.wait(lambda: delivered(here), "the run")
        for name in ("airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"):
            assert parts.well(name), name


def test_with_celery_a_worker_that_knows_neither_the_database_nor_a_signing_key_runs_the_tasks(
    tmp_path: Path, programs: Path
) -> None:
    services = compose.with_celery()["services"]
    with ExitStack() as stack:
        queue = stack.enter_context(broker(tmp_path / "redis"))
        url = f"redis://:{PASSWORD}@127.0.0.1:{queue}"
        given = {"airflow_broker_url": f"{url}/0", "airflow_result_backend": f"{url}/1"}
        here = furnished(stack, tmp_path, programs, given)
        parts = stack.enter_context(Parts(services, here))
        parts.wait(lambda: delivered(here), "the run")
        assert parts.well("airflow-worker")
        assert "succeeded" in parts.said("airflow-worker")
