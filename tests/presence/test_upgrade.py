"""A centre's PostgreSQL from before there were heartbeats learns the table, and who may do what with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gateway.app import CentreNode, open_node
from gateway.app.upgrading import faults, script, upgrade
from gateway.demo.county import County, found
from gateway.errors import SchemaBehind
from gateway.ledger import EventKind
from gateway.presence import SCHEMA, Heard
from tests.journeys.stores import LOADER_LOGIN, OWNER, PASSWORD, name_database
from tests.peers.postgres import Postgres
from tests.wire.reports import REPORT

AUDITOR_LOGIN, READER_LOGIN = "presence_auditor", "presence_reader"
DATABASE = "before_heartbeats"
AT = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def centre(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A centre whose server was last upgraded by a version without this table."""
    county = County(root=tmp_path_factory.mktemp("county"))
    found(county, at=datetime.now(UTC), port=8443, starts={})
    for login in (OWNER, LOADER_LOGIN, AUDITOR_LOGIN, READER_LOGIN):
        server.create_reader(login, PASSWORD)
    server.create_database(DATABASE)
    name_database(county.centre, server, DATABASE)
    server.execute(list(script(opened(county.centre)).administrator), DATABASE)
    members = {"yizhan_loader": LOADER_LOGIN, "yizhan_auditor": AUDITOR_LOGIN, "yizhan_reader_430482": READER_LOGIN}
    server.execute([sql.SQL(f"GRANT {role} TO {login}") for role, login in members.items()])
    upgrade(opened(county.centre))
    server.execute(["DROP TABLE presence, presence_version"], DATABASE)
    return county.centre


def opened(site: Path) -> CentreNode:
    node = open_node(site, {})
    assert isinstance(node, CentreNode)
    return node


def entered(server: Postgres, login: str) -> psycopg.Connection:
    return psycopg.connect(
        host=server.host, port=server.port, dbname=DATABASE, user=login, password=PASSWORD, autocommit=True
    )


def test_the_upgrade_makes_the_table_for_the_loader_to_write_and_the_auditor_to_read(
    server: Postgres, centre: Path
) -> None:
    with pytest.raises(SchemaBehind) as behind:
        opened(centre).reception()
    assert behind.value.facts["schema"] == "presence"

    assert list(upgrade(opened(centre))) == [SCHEMA]
    assert list(upgrade(opened(centre))) == []
    node = opened(centre)
    assert list(faults(node)) == []
    _, line = node.ledger.lines(kind=EventKind.MIGRATED)
    assert line.said.reason == "presence=0001"

    node.presence.hear("finance", AT, None, REPORT)
    assert node.presence.all() == (Heard(department="finance", at=AT, skew=None, reported_at=AT, report=REPORT),)
    with entered(server, AUDITOR_LOGIN) as auditor:
        assert auditor.execute("SELECT department FROM presence").fetchall() == [("finance",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            auditor.execute("UPDATE presence SET at = ''")
    with entered(server, LOADER_LOGIN) as loader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        loader.execute("DELETE FROM presence")
    with entered(server, READER_LOGIN) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT * FROM presence")
    node.database.dispose()


def test_a_right_that_somebody_added_is_found(server: Postgres, centre: Path) -> None:
    upgrade(opened(centre))
    server.execute(["GRANT DELETE ON presence TO yizhan_auditor"], DATABASE)
    assert [fault.message("en")[:60] for fault in faults(opened(centre))] == [
        "rights differ: yizhan_auditor, DELETE on presence: too much."
    ]
