"""Who may do what in a PostgreSQL warehouse: group roles, grants and row-level security, as statements.

Three kinds of role, none of which can log in; a log-in is made a member of one of them. The loader loads and can
neither make tables nor change what is recorded. The auditor reads the records and no feed's rows. A reader reads the
rows of its region and of those in it. Pure: whoever is to run the statements can read them first. It must never give
anyone a right to change a recorded line, and a policy must never ask another table (a distributed database could not).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue.regions import prefix_of

LOADER, AUDITOR = "yizhan_loader", "yizhan_auditor"
QUIET = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
"""Settings of the database: a refused insert's DETAIL quotes the key, and a failed statement stands in the server's log
with what it was given; neither may hold a person's number.
"""
GRANTED = "grant_"
"""How the names of policies begin that were granted."""
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def reader_of(region: str) -> str:
    """The role that reads a region. Raises ValueError: no region's code."""
    prefix_of(region)
    return f"yizhan_reader_{region}"


def subscriber_of(name: str) -> str:
    """The role that a subscriber of the catalogue reads with; it sees what was granted to it, and nothing else."""
    return f"yizhan_subscriber_{name}"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Which rows of a table a role sees."""

    name: str
    table: str
    role: str
    rows: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The tables and regions of a warehouse.

    Attributes:
        recorded: tables to which lines are only added.
        counters: tables of which rows are changed in place: where the ledger ends.
        versions: how far the tables were brought.
        working: tables that hold work in progress, the loader's alone.
        observed: tables of rows that the loader keeps up to date, for whoever watches over the centre to read.
        current, history: tables of the feeds.
        regions: codes of the regions that have readers. subscribers: ids of those outside who may be granted something.
        openings: what was granted, as further policies; see `opening`.
    """

    recorded: tuple[str, ...]
    counters: tuple[str, ...]
    versions: tuple[str, ...]
    working: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    current: tuple[str, ...]
    history: tuple[str, ...]
    regions: tuple[str, ...]
    subscribers: tuple[str, ...] = ()
    openings: tuple[Policy, ...] = ()

    @property
    def fixed(self) -> tuple[str, ...]:
        """All but the feeds'."""
        return (*self.recorded, *self.counters, *self.versions, *self.working, *self.observed)

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds'."""
        return (*self.current, *self.history)

    @property
    def readers(self) -> tuple[str, ...]:
        """Their roles."""
        return (*map(reader_of, self.regions), *map(subscriber_of, self.subscribers))

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles."""
        return (LOADER, AUDITOR, *self.readers)


@dataclass(frozen=True, kw_only=True)
class Right:
    """What a role may do with a table, and nothing else."""

    role: str
    table: str
    privileges: tuple[str, ...]


def rights(layout: Layout) -> Iterator[Right]:
    """Every right of every role on every table that it has one on."""
    for role in (LOADER, AUDITOR):
        written = ("INSERT",) if role == LOADER else ()
        moved = ("UPDATE",) if role == LOADER else ()
        yield from _each(role, layout.recorded, "SELECT", *written)
        yield from _each(role, layout.counters, "SELECT", *moved)
        yield from _each(role, layout.versions, "SELECT")
        yield from _each(role, layout.observed, "SELECT", *written, *moved)
    yield from _each(LOADER, layout.working, "SELECT", "INSERT", "UPDATE", "DELETE")
    yield from _each(LOADER, layout.current, "SELECT", "INSERT", "UPDATE", "DELETE")
    yield from _each(LOADER, layout.history, "SELECT", "INSERT")
    for role in layout.readers:
        yield from _each(role, layout.feeds, "SELECT")


def policies(layout: Layout) -> Iterator[Policy]:
    """The static ones, and those that were granted."""
    for table in layout.feeds:
        yield Policy(name="loader", table=table, role=LOADER, rows="true")
        for region in layout.regions:
            rows = f"_region LIKE '{prefix_of(region)}%'"
            yield Policy(name=f"region_{region}", table=table, role=reader_of(region), rows=rows)
    yield from layout.openings


def opening(position: int, table: str, role: str, region: str, until: datetime) -> Policy:
    """A grant as a policy; the database itself ends it at `until` (aware).

    Args:
        position: of the grant's line in the ledger, which names it.
    """
    rows = f"_region LIKE '{prefix_of(region)}%' AND now() < '{until.isoformat()}'::timestamptz"
    return Policy(name=f"{GRANTED}{position}", table=table, role=role, rows=rows)


def administrator_statements(layout: Layout, database: str, owner: str) -> Iterator[str]:
    """What takes an administrator of the server: the roles, and who may enter the database. May be run again."""
    where, own, everyone = _quoted(database), _quoted(owner), ", ".join(layout.roles)
    for role in layout.roles:
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
            f" THEN CREATE ROLE {role} NOLOGIN; END IF; END $$"
        )
    yield f"REVOKE ALL ON DATABASE {where} FROM PUBLIC"
    yield f"GRANT CONNECT ON DATABASE {where} TO {own}, {everyone}"
    yield f"GRANT TEMPORARY ON DATABASE {where} TO {own}, {LOADER}"
    yield from (f"ALTER DATABASE {where} SET {name} = {value}" for name, value in QUIET.items())
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {own}"
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"


def owner_statements(layout: Layout) -> Iterator[str]:
    """What the tables' owner grants. May be run again; what another statement granted beyond this is taken back."""
    everyone = ", ".join(layout.roles)
    for table in (*layout.fixed, *layout.feeds):
        yield f"REVOKE ALL ON {table} FROM PUBLIC, {everyone}"
    for right in rights(layout):
        yield f"GRANT {', '.join(right.privileges)} ON {right.table} TO {right.role}"
    for table in layout.feeds:
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield _drop_policies(layout)
    for policy in policies(layout):
        check = f" WITH CHECK ({policy.rows})" if policy.role == LOADER else ""
        kind = "ALL" if policy.role == LOADER else "SELECT"
        yield (
            f"CREATE POLICY {policy.name} ON {policy.table} FOR {kind} TO {policy.role} USING ({policy.rows}){check}"
        )


def _drop_policies(layout: Layout) -> str:
    """Every policy on a feed's table, whoever made it, and every granted one: what is to stand is made anew."""
    return _DROP_POLICIES.replace("FEEDS", ", ".join(f"'{table}'" for table in layout.feeds) or "NULL")


_DROP_POLICIES = (
    "DO $$ DECLARE one record; BEGIN FOR one IN SELECT policyname, tablename FROM pg_policies"
    " WHERE schemaname = 'public' AND (starts_with(policyname, 'grant_') OR tablename IN (FEEDS))"
    " LOOP EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename); END LOOP; END $$"
)


def _each(role: str, tables: Iterable[str], *privileges: str) -> Iterator[Right]:
    return (Right(role=role, table=table, privileges=privileges) for table in tables)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
