"""Every hazard of the corpus has exactly the outcome that is right for it: not one silent change."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.contract import Adapter, Secrets
from adapters.registry import Registry
from tests.hazards.case import Hazard
from tests.hazards.collecting import collected, expected
from tests.hazards.definitions.databases import MARIADB_TABLE, SQLITE_TABLE
from tests.hazards.make import CORPUS, make, read
from tests.peers.mariadb import MariaDb
from tests.peers.mariadb import mariadb as mariadb_server
from tests.peers.oracle.running import Oracle, wire_oracle
from tests.peers.postgres import Postgres
from tests.peers.postgres import postgres as postgres_server
from tests.peers.soap.scripted import Script, serving
from tests.peers.sshd import Sshd, enterable_home
from tests.peers.sshd import sshd as sshd_server

HAZARDS = read()
PASSWORD = "Canary-口令-7f3a"


def of(*peers: str) -> list[Hazard]:
    return [hazard for hazard in HAZARDS if hazard.peer in peers]


def adapter(hazard: Hazard, connection: dict[str, object], root: Path) -> Adapter:
    registry = Registry.installed()
    config = registry.configs()[hazard.source["adapter"]].model_validate({**connection, **hazard.source})
    return registry.adapter(config, Secrets(root=root, environ={"PASSWORD": PASSWORD}))


@pytest.mark.parametrize("hazard", of("files"), ids=lambda hazard: hazard.name)
def test_a_hazard_in_a_file_has_its_one_right_outcome(hazard: Hazard, tmp_path: Path) -> None:
    for name, content in hazard.given.items():
        (tmp_path / name).write_bytes(content)
    assert collected(hazard, adapter(hazard, {"root": str(tmp_path)}, tmp_path)) == expected(hazard)


@pytest.mark.parametrize("hazard", of("soap"), ids=lambda hazard: hazard.name)
def test_a_hazard_of_a_service_has_its_one_right_outcome(hazard: Hazard, tmp_path: Path) -> None:
    with serving(Script(raw=hazard.given["answer"])) as wsdl:
        assert collected(hazard, adapter(hazard, {"wsdl": wsdl}, tmp_path)) == expected(hazard)


@pytest.mark.parametrize("hazard", of("sqlite", "postgres", "mariadb"), ids=lambda hazard: hazard.name)
def test_a_hazard_in_a_database_has_its_one_right_outcome(
    hazard: Hazard, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    connection = request.getfixturevalue(hazard.peer)
    assert collected(hazard, adapter(hazard, connection, tmp_path)) == expected(hazard)


@pytest.mark.parametrize("hazard", of("oracle"), ids=lambda hazard: hazard.name)
def test_a_hazard_in_oracle_has_its_one_right_outcome(hazard: Hazard, tmp_path: Path, oracle: Oracle) -> None:
    connection = {"dsn": oracle.service(hazard.given["service"].decode()), "user": "reader", "password": "env:PASSWORD"}
    assert collected(hazard, adapter(hazard, connection, tmp_path)) == expected(hazard)


@pytest.mark.parametrize("hazard", of("sftp"), ids=lambda hazard: hazard.name)
def test_a_hazard_on_a_server_has_its_one_right_outcome(hazard: Hazard, sshd: Sshd) -> None:
    folder = sshd.folder / hazard.name
    folder.mkdir(mode=0o755)
    for name, content in hazard.given.items():
        (sshd.folder / os.fsdecode(name.encode("gbk"))).write_bytes(content)
    connection = {
        "host": "127.0.0.1", "port": sshd.port, "host_key": sshd.fingerprint, "user": sshd.user,
        "private_key": f"file:{sshd.key}",
    }  # fmt: skip
    assert collected(hazard, adapter(hazard, connection, sshd.folder)) == expected(hazard)


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with wire_oracle(tmp_path_factory.mktemp("oracle") / "wire.db", "reader", PASSWORD) as running:
        yield running


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    with enterable_home() as home, sshd_server(home) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, object]]:
    with postgres_server() as server:
        server.create_database("hazards")
        server.create_reader("reader", PASSWORD)
        yield odbc("PostgreSQL Unicode", server)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[dict[str, object]]:
    with mariadb_server() as server:
        server.create_database("hazards")
        server.execute(MARIADB_TABLE, "hazards")
        server.create_reader("reader", PASSWORD, "hazards")
        yield odbc("MariaDB Unicode", server)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    path = tmp_path_factory.mktemp("sqlite") / "a.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        for statement in SQLITE_TABLE:
            opened.execute(statement)
    return {"connection": f"Driver=SQLite3;Database={path};StepAPI=1;NoCreat=1"}


def odbc(driver: str, server: Postgres | MariaDb) -> dict[str, object]:
    connection = f"Driver={driver};Server={server.host};Port={server.port};Database=hazards"
    return {"connection": connection, "user": "reader", "password": "env:PASSWORD"}


def test_the_corpus_is_what_its_script_makes(tmp_path: Path) -> None:
    make(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in CORPUS.iterdir()}


def test_the_corpus_has_120_hazards_and_more_each_with_a_name_of_its_own() -> None:
    names = Counter(hazard.name for hazard in HAZARDS)
    assert len(names) >= 120 and set(names.values()) == {1}


def test_every_group_of_hazards_is_there() -> None:
    assert {hazard.group for hazard in HAZARDS} == {
        "encoding",
        "numbers",
        "dates",
        "identifiers",
        "layout",
        "transport",
    }
