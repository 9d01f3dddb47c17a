"""The exporter of a centre whose warehouse is PostgreSQL: with the auditor's log-in, which can do nothing but read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gateway.app import CentreNode, open_node
from gateway.app.site import WarehouseFile
from gateway.app.upgrading import script, upgrade
from gateway.errors import StoreUnavailable
from gateway.spool import Spool
from gateway.warehouse.roles import AUDITOR, LOADER
from tests.cli.conftest import edit_site
from tests.monitoring.exporter_county import ENVIRON, Loads, dunned, fill, write_keys, write_site
from tests.monitoring.exporter_world import World, all_but, comparable, files
from tests.peers.postgres import Postgres, postgres
from tests.peers.processes import ROOT

DATABASE, SECRET = "exporter", "p-数据库-1"
LOGINS = {"owner": "yizhan_owner", LOADER: "the_loader", AUDITOR: "the_auditor"}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database(DATABASE)
        for user in LOGINS.values():
            running.create_reader(user, SECRET)
        yield running


@pytest.fixture(scope="module")
def site(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small county's centre, its tables made by their owner and filled by its loader."""
    root = write_site(tmp_path_factory.mktemp("county") / "centre", "centre")
    write_keys(root)
    Spool(root / "spool")
    (root / "password").touch(mode=0o600)
    (root / "password").write_text(SECRET, encoding="utf-8")
    place = {"host": server.host, "port": server.port, "database": DATABASE, "sslmode": "disable"}
    users = {
        key: {"user": LOGINS[role], "password": "file:password"}
        for key, role in (("owner", "owner"), ("auditor", AUDITOR))
    }
    loader = {"user": LOGINS[LOADER], "password": "file:password"}
    edit_site(root, lambda file: file.update(warehouse=place | loader | users))
    node = opened(root)
    server.execute(list(script(node).administrator), DATABASE)
    for role in (LOADER, AUDITOR):
        server.execute([sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(LOGINS[role]))])
    upgrade(node)
    fill(node)
    node.database.dispose()
    return root


@pytest.fixture
def world(site: Path) -> Iterator[World]:
    made = World(site)
    yield made
    made.watch.close()


def opened(site: Path) -> CentreNode:
    node = open_node(site, ENVIRON)
    assert isinstance(node, CentreNode)
    return node


def written(server: Postgres) -> list[tuple[object, ...]]:
    """Rows ever put in, changed or removed, by table, as the server itself counts them."""
    with psycopg.connect(server.dsn(DATABASE)) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        return connection.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables"
            " WHERE schemaname = 'public' ORDER BY relname"
        ).fetchall()


def test_it_says_of_postgresql_what_it_says_of_a_file(world: World) -> None:
    world.verification.once()
    said = comparable(world.exporter.text()).decode()
    golden = (HERE / "exporter_centre.prom").read_text(encoding="utf-8")
    assert lines_of_batches(said) == lines_of_batches(golden)


def lines_of_batches(exposition: str) -> list[str]:
    """Without the ledger's length: making the tables is a step of its own here."""
    return [line for line in exposition.splitlines() if not line.startswith("yizhan_ledger_position")]


def test_with_the_auditor_s_log_in_every_source_answers_and_nothing_is_written(
    world: World, server: Postgres, site: Path
) -> None:
    before, stored = files(site), written(server)
    for _ in range(3):
        world.verification.once()
        assert world.success() == all_but()
    with world.watch.node.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar_one() == LOGINS[AUDITOR]
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on"
    assert (files(site), written(server)) == (before, stored)


@pytest.mark.parametrize("keys", [(), ("auditor",)])
def test_its_connection_cannot_write_whoever_it_enters_as(keys: tuple[str, ...], site: Path, tmp_path: Path) -> None:
    for name in ("password", "catalogue", "keys", "spool"):
        (tmp_path / name).symlink_to(site / name)
    (tmp_path / "site.yaml").write_text((site / "site.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    edit_site(tmp_path, lambda file: [file["warehouse"].pop(key) for key in keys])
    world = World(tmp_path)
    assert world.success() == all_but()
    with pytest.raises(StoreUnavailable, match="25006"):  # read_only_sql_transaction
        dunned(world.watch.node, "civil", "催〔2026〕9号")
    world.watch.close()


def test_what_a_receiver_loads_meanwhile_is_told_by_the_next_scrape(world: World, site: Path) -> None:
    assert world.value("yizhan_feed_period_state", "finance.funds", "finance", "2026-10", "due_soon") == 1
    node = opened(site)
    Loads(node).load("finance.funds", "2026-10", "2026-11-28T09:30")
    node.database.dispose()
    assert world.value("yizhan_feed_period_state", "finance.funds", "finance", "2026-10", "on_time") == 1


def test_a_server_that_is_down_is_a_failed_source_and_comes_back(world: World, server: Postgres) -> None:
    assert world.success() == all_but()
    server.stop()
    assert world.success() == all_but("board", "ledger", "presence")
    assert {line.partition("code=")[2] for line in world.codes()} == {"YZ-7001"}
    assert not any(SECRET in line for line in world.said.lines)
    server.start()
    assert world.success() == all_but()


def test_the_page_on_postgresql_names_every_key_of_the_warehouse_and_what_the_auditor_reads() -> None:
    page = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    setting_up = page.partition("## Setting it up")[2].partition("\n## ")[0]
    assert [key for key in WarehouseFile.model_fields if not re.search(rf"\b{key}\b", setting_up)] == []
    (row,) = [line for line in page.splitlines() if line.startswith("| `yizhan_auditor` |")]
    assert "ledger, `batches` and `presence`" in row
