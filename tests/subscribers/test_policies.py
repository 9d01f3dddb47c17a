"""Read grants inside PostgreSQL, tried with real log-ins: the database itself opens and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import errors, sql
from sqlalchemy import Engine

from gateway.database import migrate, open_database
from gateway.ledger import Ledger
from gateway.warehouse import Warehouse, rights
from gateway.warehouse.roles import LOADER, Layout, administrator_statements, opening, reader_of, subscriber_of
from tests.peers.postgres import Postgres
from tests.peers.stores import address, stranger
from tests.warehouse.feeds import SCHEMAS, SHAPE, Notary, batch, facts, row

OWN, NEIGHBOUR = "430482", "430724"
PLATFORM = "livelihood_supervision"
TABLES = ("current__civil__dibao", "history__civil__dibao")
LAYOUT = Layout(
    recorded=("ledger", "batches"),
    counters=("ledger_head",),
    versions=("ledger_version", "warehouse_version"),
    current=TABLES[:1],
    history=TABLES[1:],
    regions=(OWN, NEIGHBOUR),
    subscribers=(PLATFORM,),
)
PASSWORD = "p-口令-2"


def layout(role: str, region: str, until: datetime, position: int = 17) -> Layout:
    return replace(LAYOUT, openings=tuple(opening(position, table, role, region, until) for table in TABLES))


@pytest.fixture(scope="module")
def owner(server: Postgres) -> Iterator[Engine]:
    """The database `granted`, with rows of two counties, entered as its owner."""
    logins = {"granting_owner": None, "granting_loader": LOADER} | {f"as_{role}": role for role in LAYOUT.readers}
    make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    server.execute([make.format(sql.Identifier(name), sql.Literal(PASSWORD)) for name in logins])
    server.create_database("granted")
    server.execute(list(administrator_statements(LAYOUT, "granted", "granting_owner")), "granted")
    server.execute([f"GRANT {role} TO {name}" for name, role in logins.items() if role])
    engine = open_database(address(server, "granted", user="granting_owner", password=PASSWORD))
    migrate(engine, *SCHEMAS)
    warehouse = Warehouse(engine, Ledger(engine, "changning"))
    warehouse.prepare(SHAPE)
    for region, count in ((OWN, 2), (NEIGHBOUR, 3)):
        rows = [row(n) for n in range(count)]
        warehouse.load(facts(rows, content=region, region=region), [batch(rows)], Notary())
    yield engine
    engine.dispose()


def seen(server: Postgres, role: str) -> dict[str, int]:
    with stranger(address(server, "granted", user=f"as_{role}", password=PASSWORD)) as connection:
        return dict(connection.execute(f"SELECT _region, count(*) FROM {TABLES[0]} GROUP BY 1").fetchall())


def test_a_subscriber_sees_what_was_granted_until_it_ends_or_is_revoked(server: Postgres, owner: Engine) -> None:
    role = subscriber_of(PLATFORM)
    soon, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(seconds=1)
    for wanted, rows in (
        (LAYOUT, {}),
        (layout(role, OWN, soon), {OWN: 2}),
        (layout(role, "430000", soon), {OWN: 2, NEIGHBOUR: 3}),
        (layout(role, OWN, past), {}),
        (LAYOUT, {}),
    ):
        rights.grant(owner, wanted, "granted")
        assert seen(server, role) == rows
        assert seen(server, reader_of(OWN)) == {OWN: 2}


def test_a_region_reader_sees_across_regions_only_under_a_grant(server: Postgres, owner: Engine) -> None:
    role, soon = reader_of(OWN), datetime.now(UTC) + timedelta(hours=1)
    rights.grant(owner, layout(role, NEIGHBOUR, soon), "granted")
    assert seen(server, role) == {OWN: 2, NEIGHBOUR: 3}
    assert seen(server, reader_of(NEIGHBOUR)) == {NEIGHBOUR: 3}


def test_a_subscriber_reads_no_record_and_changes_nothing(server: Postgres, owner: Engine) -> None:
    role = subscriber_of(PLATFORM)
    rights.grant(owner, layout(role, OWN, datetime.now(UTC) + timedelta(hours=1)), "granted")
    with stranger(address(server, "granted", user=f"as_{role}", password=PASSWORD)) as connection:
        for statement in ("SELECT * FROM ledger", "SELECT * FROM batches", f"DELETE FROM {TABLES[0]}"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_policy_that_no_grant_explains_or_that_is_missing_is_named(server: Postgres, owner: Engine) -> None:
    granted = layout(subscriber_of(PLATFORM), OWN, datetime.now(UTC) + timedelta(hours=1))
    loader = open_database(address(server, "granted", user="granting_loader", password=PASSWORD))
    rights.grant(owner, granted, "granted")
    for wanted, found in ((granted, []), (LAYOUT, ["too much"] * 2)):
        faults = list(rights.differences(loader, wanted, "granted"))
        assert [fault.facts["found_en"] for fault in faults] == found
    rights.grant(owner, LAYOUT, "granted")
    faults = list(rights.differences(loader, granted, "granted"))
    assert [(fault.facts["right"], fault.facts["found_en"]) for fault in faults] == [("POLICY", "missing")] * 2
    loader.dispose()


@pytest.mark.parametrize(
    "rows",
    [
        "true",
        "_region LIKE '43%' AND now() < '{until}'::timestamptz",
        "_region LIKE '430482%' AND now() < 'infinity'::timestamptz",
        "_region LIKE '430482%' AND now() < '2999-01-01T00:00:00+08:00'::timestamptz",
        "_region LIKE '430482%'",
    ],
)
def test_a_granted_policy_that_was_widened_is_named(server: Postgres, owner: Engine, rows: str) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    granted = layout(subscriber_of(PLATFORM), OWN, until)
    loader = open_database(address(server, "granted", user="granting_loader", password=PASSWORD))
    rights.grant(owner, granted, "granted")
    with stranger(address(server, "granted", user="granting_owner", password=PASSWORD)) as connection:
        connection.execute("SET TimeZone = 'Asia/Kolkata'")
        connection.execute(f"ALTER POLICY grant_17 ON {TABLES[0]} USING ({rows.format(until=until.isoformat())})")
    (fault,) = rights.differences(loader, granted, "granted")
    assert (fault.facts["right"], fault.facts["table"]) == ("POLICY", TABLES[0])
    rights.grant(owner, granted, "granted")
    assert list(rights.differences(loader, granted, "granted")) == []
    loader.dispose()
