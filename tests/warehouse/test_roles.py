"""Who may do what in PostgreSQL, tried with real log-ins; and the statements that say so."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors, sql
from sqlalchemy import Engine

from gateway.catalogue.regions import prefix_of
from gateway.database import PostgresAddress, migrate, open_database
from gateway.errors import FeedTablesMissing, RolesMissing, SchemaBehind
from gateway.ledger import SCHEMA as LEDGER_SCHEMA
from gateway.ledger import Ledger
from gateway.warehouse import Warehouse, rights
from gateway.warehouse.roles import AUDITOR, LOADER, Layout, administrator_statements, owner_statements, reader_of
from tests.peers.postgres import Postgres
from tests.peers.stores import address, fresh, stranger
from tests.warehouse.feeds import PERIOD, SCHEMAS, SHAPE, Notary, batch, facts, row

COUNTY, CITY, PROVINCE, NEIGHBOUR = "430482", "430400", "430000", "430502"
REGIONS = (COUNTY, CITY, PROVINCE, NEIGHBOUR)
CURRENT, HISTORY = "current__civil__dibao", "history__civil__dibao"
LAYOUT = Layout(
    recorded=("ledger", "batches"),
    counters=("ledger_head",),
    versions=("ledger_version", "warehouse_version"),
    current=(CURRENT,),
    history=(HISTORY,),
    regions=REGIONS,
)
OWNER = "yizhan_owner"
PASSWORD = "p-口令-1"
ROWS = [row(n) for n in range(5)]


@pytest.fixture(scope="module")
def roles(server: Postgres) -> dict[str, str]:
    """Log-ins of the whole server: one for each role, and the owner; by role."""
    logins = {role: f"login_{number}" for number, role in enumerate(LAYOUT.roles)} | {OWNER: OWNER}
    make = "CREATE ROLE {} LOGIN PASSWORD {}"
    server.execute([sql.SQL(make).format(sql.Identifier(n), sql.Literal(PASSWORD)) for n in logins.values()])
    server.create_database("roles")
    server.execute(list(administrator_statements(LAYOUT, "roles", OWNER)), "roles")
    server.execute([f"GRANT {role} TO {login}" for role, login in logins.items() if role != OWNER])
    return logins


@pytest.fixture(scope="module")
def engines(server: Postgres, roles: dict[str, str]) -> Iterator[dict[str, Engine]]:
    """The database `roles`, upgraded by its owner and loaded by its loader, for two counties, entered as each role."""
    opened = {role: open_database(login(server, roles, role)) for role in roles}
    migrate(opened[OWNER], *SCHEMAS)
    Warehouse(opened[OWNER], Ledger(opened[OWNER], "changning")).prepare(SHAPE)
    rights.grant(opened[OWNER], LAYOUT, "roles")
    warehouse = Warehouse(opened[LOADER], Ledger(opened[LOADER], "changning"))
    warehouse.prepare(SHAPE)
    for region in (COUNTY, NEIGHBOUR):
        one = facts(ROWS, content=region, region=region)
        warehouse.load(one, [batch(ROWS)], Notary())
        changed = [row(0, remark="改"), *ROWS[1:]]
        second = facts(changed, 2, content=region, region=region, previous=one.digest)
        warehouse.load(second, [batch(changed)], Notary())
    assert list(warehouse.fsck()) == []
    yield opened
    for engine in opened.values():
        engine.dispose()


def login(server: Postgres, roles: dict[str, str], role: str) -> PostgresAddress:
    return address(server, "roles", user=roles[role], password=PASSWORD)


@pytest.fixture
def entered(server: Postgres, roles: dict[str, str], engines: dict[str, Engine]) -> Iterator[object]:
    """Opens plain connections as a role."""
    with_each = []

    def enter(role: str) -> psycopg.Connection:
        one = stranger(login(server, roles, role))
        with_each.append(one)
        return one.__enter__()

    yield enter
    for one in with_each:
        one.__exit__(None, None, None)


@pytest.mark.parametrize("table", ["ledger", "batches"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET batch = batch", "DELETE FROM {}", "TRUNCATE {}", "ALTER TABLE {} DISABLE TRIGGER USER"]
)
def test_the_loader_may_not_change_what_is_recorded_and_the_owner_is_stopped_by_the_trigger(
    entered, table: str, change: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        entered(LOADER).execute(change.format(table))
    if not change.startswith("ALTER"):
        with pytest.raises(errors.RaiseException, match=f"{table} is append-only"):
            entered(OWNER).execute(change.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA mine",
        f"DROP TABLE {CURRENT}",
        f"ALTER TABLE {CURRENT} ADD COLUMN mine text",
        f"DELETE FROM {HISTORY}",
        f"UPDATE {HISTORY} SET _superseded_by = 0",
        f"TRUNCATE {CURRENT}",
        "DELETE FROM ledger_head",
        "INSERT INTO ledger_head VALUES (2, 0, '')",
        "UPDATE ledger_version SET version_num = '9'",
        f"DROP POLICY loader ON {CURRENT}",
        "SELECT * FROM elsewhere.secret",
        "CREATE ROLE mine",
    ],
)
def test_the_loader_can_load_and_nothing_more(server: Postgres, entered, statement: str) -> None:
    server.execute(
        ["CREATE SCHEMA IF NOT EXISTS elsewhere", "CREATE TABLE IF NOT EXISTS elsewhere.secret (a int)"], "roles"
    )
    with pytest.raises(errors.InsufficientPrivilege):
        entered(LOADER).execute(statement)


@pytest.mark.parametrize(
    ("region", "seen"),
    [
        (COUNTY, {COUNTY: 5}),
        (NEIGHBOUR, {NEIGHBOUR: 5}),
        (CITY, {COUNTY: 5}),
        (PROVINCE, {COUNTY: 5, NEIGHBOUR: 5}),
    ],
)
def test_a_reader_sees_its_region_and_those_in_it(entered, region: str, seen: dict[str, int]) -> None:
    reader = entered(reader_of(region))
    for table, rows in ((CURRENT, 5), (HISTORY, 1)):
        found = reader.execute(f"SELECT _region, count(*) FROM {table} GROUP BY 1").fetchall()
        assert dict(found) == {one: rows for one in seen}


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM batches", "SELECT * FROM ledger", f"DELETE FROM {CURRENT}", "CREATE TEMP TABLE t ()"]
)
def test_a_reader_reads_rows_and_nothing_else(entered, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        entered(reader_of(PROVINCE)).execute(statement)


def test_the_auditor_reads_the_records_and_no_row_of_a_feed(entered) -> None:
    auditor = entered(AUDITOR)
    assert auditor.execute("SELECT count(*) FROM batches").fetchone() == (4,)
    assert auditor.execute("SELECT count(*) FROM ledger").fetchone() == (4,)
    for table in (CURRENT, HISTORY):
        with pytest.raises(errors.InsufficientPrivilege):
            auditor.execute(f"SELECT count(*) FROM {table}")


def test_a_log_in_without_a_role_does_not_enter(server: Postgres, engines: dict[str, Engine]) -> None:
    server.create_reader("nobody_in_particular", PASSWORD)
    with pytest.raises(psycopg.OperationalError), stranger(address(server, "roles", user="nobody_in_particular",
                                                                   password=PASSWORD)):  # fmt: skip
        pass


def test_a_check_by_the_loader_finds_rights_as_they_should_be(engines: dict[str, Engine]) -> None:
    assert list(rights.differences(engines[LOADER], LAYOUT, "roles")) == []


@pytest.mark.parametrize(
    ("change", "back", "found"),
    [
        (f"GRANT DELETE ON ledger TO {LOADER}", f"REVOKE DELETE ON ledger FROM {LOADER}", (LOADER, "DELETE", "ledger")),
        (f"REVOKE INSERT ON ledger FROM {LOADER}", f"GRANT INSERT ON ledger TO {LOADER}", (LOADER, "INSERT", "ledger")),
        (
            f"GRANT SELECT ON {CURRENT} TO PUBLIC",
            f"REVOKE SELECT ON {CURRENT} FROM PUBLIC",
            (AUDITOR, "SELECT", CURRENT),
        ),
        (
            f"ALTER TABLE {CURRENT} DISABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {CURRENT} ENABLE ROW LEVEL SECURITY",
            ("PUBLIC", "ROW LEVEL SECURITY", CURRENT),
        ),
        (
            f"ALTER POLICY region_{COUNTY} ON {CURRENT} USING (true)",
            f"ALTER POLICY region_{COUNTY} ON {CURRENT} USING (_region LIKE '{COUNTY}%')",
            (reader_of(COUNTY), "POLICY", CURRENT),
        ),
        (
            f"CREATE POLICY mine ON {HISTORY} FOR SELECT TO {reader_of(COUNTY)} USING (true)",
            f"DROP POLICY mine ON {HISTORY}",
            (reader_of(COUNTY), "POLICY mine", HISTORY),
        ),
    ],
)
def test_a_right_too_many_or_too_few_is_named(
    entered, engines: dict[str, Engine], change: str, back: str, found: tuple[str, str, str]
) -> None:
    owner = entered(OWNER)
    owner.execute(change)
    try:
        (fault,) = rights.differences(engines[LOADER], LAYOUT, "roles")
        assert (fault.code, fault.facts["role"], fault.facts["right"], fault.facts["table"]) == ("YZ-7049", *found)
    finally:
        owner.execute(back)


def test_granting_takes_back_a_policy_that_nothing_explains(entered, engines: dict[str, Engine]) -> None:
    entered(OWNER).execute(f"CREATE POLICY mine ON {CURRENT} FOR SELECT TO {reader_of(COUNTY)} USING (true)")
    assert entered(reader_of(COUNTY)).execute(f"SELECT count(*) FROM {CURRENT}").fetchone() == (10,)
    rights.grant(engines[OWNER], LAYOUT, "roles")
    assert entered(reader_of(COUNTY)).execute(f"SELECT count(*) FROM {CURRENT}").fetchone() == (5,)
    assert list(rights.differences(engines[LOADER], LAYOUT, "roles")) == []


def test_granting_again_changes_nothing(engines: dict[str, Engine]) -> None:
    rights.grant(engines[OWNER], LAYOUT, "roles")
    assert list(rights.differences(engines[LOADER], LAYOUT, "roles")) == []


def test_a_log_in_that_may_do_more_than_load_is_named(server: Postgres, engines: dict[str, Engine]) -> None:
    superuser = open_database(address(server, "roles"))
    named = {fault.facts["right"] for fault in rights.differences(superuser, LAYOUT, "roles")}
    superuser.dispose()
    assert named == {"SUPERUSER / BYPASSRLS", "CREATE"}


def test_a_loader_before_the_upgrade_is_told_to_have_it_made(
    server: Postgres, roles: dict[str, str], engines: dict[str, Engine]
) -> None:
    where = fresh(server)
    loader = open_database(address(server, where.database, user=roles[LOADER], password=PASSWORD))
    with pytest.raises(SchemaBehind) as behind:
        Ledger(loader, "changning")
    assert (behind.value.facts["found"], behind.value.facts["needed"]) == ("-", LEDGER_SCHEMA.head)
    loader.dispose()
    another = Warehouse(engines[LOADER], Ledger(engines[LOADER], "changning"))
    with pytest.raises(FeedTablesMissing) as missing:
        another.prepare(type(SHAPE)(feed="civil.other", columns=SHAPE.columns, key=SHAPE.key))
    assert missing.value.facts["feed"] == "civil.other"


def test_granting_without_roles_names_them(server: Postgres) -> None:
    other = Layout(**(vars(LAYOUT) | {"regions": ("110000",)}))
    engine = open_database(fresh(server, *SCHEMAS))
    with pytest.raises(RolesMissing) as missing:
        rights.grant(engine, other, "x")
    engine.dispose()
    assert "yizhan_reader_110000" in missing.value.facts["roles"].split()


def test_no_statement_gives_a_right_to_change_a_record_or_asks_another_table() -> None:
    made = list(owner_statements(LAYOUT))
    for table in ("ledger", "batches"):
        given = [one for one in made if one.startswith("GRANT") and f" ON {table} " in one]
        assert sorted(given) == [
            f"GRANT SELECT ON {table} TO {AUDITOR}",
            f"GRANT SELECT, INSERT ON {table} TO {LOADER}",
        ]
    policies = [one for one in made if one.startswith("CREATE POLICY")]
    assert len(policies) == 2 * (1 + len(REGIONS))
    assert not any("SELECT " in one.partition("USING")[2] for one in policies)


@pytest.mark.parametrize(
    ("region", "prefix"),
    [
        ("430000", "43"), ("430400", "4304"), ("430482", "430482"), ("430482101", "430482101"),
        ("430482101000", "430482101"), ("430482101203", "430482101203"), ("430482000", "430482"),
    ],
)  # fmt: skip
def test_a_regions_prefix_holds_what_lies_in_it(region: str, prefix: str) -> None:
    assert prefix_of(region) == prefix


@pytest.mark.parametrize("region", ["", "43", "4304821", "43048a", "430482'; --", "４３０４８２"])
def test_what_is_no_regions_code_is_no_role(region: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        reader_of(region)


def test_periods_are_compared_by_their_bytes(engines: dict[str, Engine], entered) -> None:
    collations = (
        entered(OWNER)
        .execute(
            "SELECT DISTINCT a.attcollation::regcollation::text FROM pg_attribute a JOIN pg_index i"
            " ON i.indrelid = a.attrelid AND a.attnum = ANY(i.indkey) WHERE i.indisprimary"
            f" AND a.attrelid = '{CURRENT}'::regclass AND a.attcollation <> 0"
        )
        .fetchall()
    )
    assert collations == [('"C"',)]
    assert PERIOD < "2026Q3"


def test_the_servers_log_is_told_neither_keys_nor_statements(entered, engines: dict[str, Engine]) -> None:
    settings = entered(LOADER).execute(
        "SELECT name, setting FROM pg_settings WHERE name IN ('log_error_verbosity', 'log_min_error_statement')"
    )
    assert dict(settings.fetchall()) == {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}


def test_a_database_whose_log_would_quote_keys_is_named(server: Postgres, roles: dict[str, str], engines) -> None:
    loud = open_database(login(server, roles, LOADER))
    server.execute(["ALTER DATABASE roles SET log_error_verbosity = default"])
    try:
        faults = list(rights.differences(loud, LAYOUT, "roles"))
    finally:
        loud.dispose()
        server.execute(["ALTER DATABASE roles SET log_error_verbosity = terse"])
    assert [fault.facts["right"] for fault in faults] == ["SET log_error_verbosity = terse"]
