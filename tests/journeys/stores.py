"""A centre's database on either product, and a stranger in it: someone with every right who goes around the product."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.errors import DuplicateObject
from ruamel.yaml import YAML

from gateway.app import open_node
from gateway.app.upgrading import script, upgrade
from gateway.database import PostgresAddress
from gateway.demo.county import County, place_secret
from tests.peers.postgres import Postgres
from tests.peers.stores import Stranger, Where, address, stranger, unguard

OWNER, LOADER_LOGIN, PASSWORD = "yizhan_owner", "yizhan_centre", "p-口令-1"


def found_on_postgres(county: County, server: Postgres, database: str) -> None:
    """Have the centre keep its warehouse on a server: its own database, owner and log-in, and the tables made."""
    for role in (OWNER, LOADER_LOGIN):
        with suppress(DuplicateObject):  # log-ins are the whole server's
            server.execute([sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), PASSWORD)])
    server.create_database(database)
    name_database(county.centre, server, database)
    node = open_node(county.centre, os.environ)
    server.execute(list(script(node).administrator), database)
    server.execute([f"GRANT yizhan_loader TO {LOADER_LOGIN}"])
    upgrade(node)


def name_database(site: Path, server: Postgres, database: str) -> None:
    """Write into a centre's site file where its warehouse is."""
    reference = place_secret(County(root=site.parent), site.name, "database", PASSWORD)
    path, yaml = site / "site.yaml", YAML(typ="safe", pure=True)
    said = yaml.load(path) | {
        "warehouse": {
            "host": server.host, "port": server.port, "database": database, "sslmode": "disable",
            "user": LOADER_LOGIN, "password": reference, "owner": {"user": OWNER, "password": reference},
        }
    }  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(said, file)


def copy_database(server: Postgres, database: str, copy: str) -> None:
    """Another database with the same content; nobody may be in the first one."""
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    server.execute([made.format(*map(sql.Identifier, (copy, database, OWNER)))])


def where_of(site: Path, server: Postgres | None) -> Where:
    """A node's database as somebody with every right sees it."""
    warehouse = _warehouse(site)
    if warehouse is not None and server is not None:
        return address(server, warehouse["database"])
    return site / ("warehouse.db" if (site / "warehouse.db").exists() else "ledger.db")


def entered_by(site: Path) -> PostgresAddress | None:
    """The database server's log-in that a centre itself has; None where its warehouse is a file."""
    warehouse = _warehouse(site)
    if warehouse is None:
        return None
    known = {name: warehouse[name] for name in ("host", "port", "database", "user", "sslmode")}
    return PostgresAddress(**known, password=PASSWORD)


def _warehouse(site: Path) -> Mapping[str, Any] | None:
    return YAML(typ="safe", pure=True).load(site / "site.yaml").get("warehouse")


@contextmanager
def tampering(where: Where) -> Iterator[Stranger]:
    """A connection whose owner knows the guards, takes them away, and puts them back."""
    with stranger(where) as connection:
        back = unguard(connection, "ledger", "batches")
        yield connection
        for statement in back:
            connection.execute(statement)
