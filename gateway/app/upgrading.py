"""The upkeep of a centre's PostgreSQL warehouse: its tables, its roles, and whether they are as they should be.

Puts the rooms' parts in order and decides nothing. Must never run as part of serving: the log-in that serves may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from gateway import inbox as inbox_room
from gateway import instructions as instructions_room
from gateway import ledger as ledger_room
from gateway import presence as presence_room
from gateway import publication as publication_room
from gateway import warehouse as warehouse_room
from gateway.app.rooms import CentreNode
from gateway.app.site import WarehouseFile
from gateway.database import PostgresAddress, Schema, migrate, open_database, settle
from gateway.errors import OwnerMissing, WarehouseEmbedded, YizhanError
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.subscribers import Grant, grants_in
from gateway.warehouse import Warehouse, rights
from gateway.warehouse.roles import (
    Layout,
    Policy,
    administrator_statements,
    opening,
    owner_statements,
    reader_of,
    subscriber_of,
)
from gateway.warehouse.tables import FeedTables

SCHEMAS: tuple[Schema, ...] = (
    ledger_room.SCHEMA,
    warehouse_room.SCHEMA,
    inbox_room.SCHEMA,
    presence_room.SCHEMA,
    instructions_room.SCHEMA,
    publication_room.SCHEMA,
)
"""The fixed tables of every room that keeps some in a centre's database."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """Statements for an administrator of the server, and those that an upgrade runs as the tables' owner."""

    administrator: Sequence[str]
    owner: Sequence[str]


def upgrade(node: CentreNode) -> Sequence[Schema]:
    """Bring tables and rights up to date, as their owner; which schemas were changed. A second run changes nothing.

    Raises:
        WarehouseEmbedded, OwnerMissing: there is nothing to upgrade, or nobody to do it as.
        RolesMissing: the tables are up to date; the roles are for an administrator to make.
        SchemaAhead, SchemaUnknown, FeedShapeChanged, DatabaseUnsuitable, StoreUnavailable, StoreForbidden.
    """
    with _as_owner(node) as (engine, place):
        return _upgrade(node, engine, place)


def faults(node: CentreNode) -> Iterator[YizhanError]:
    """What `yizhan warehouse check` finds, as values. Raises: SchemaBehind, SchemaAhead, StoreUnavailable."""
    server = _server(node)
    for schema in SCHEMAS:
        settle(node.database, schema)
    return rights.differences(node.database, layout(node, node.ledger), _place(node.address(server, server)))


def script(node: CentreNode) -> Script:
    """What makes the roles and what they may do. Raises WarehouseEmbedded."""
    server, wanted = _server(node), layout(node, None)
    owner = server.owner.user if server.owner else "yizhan_owner"
    return Script(
        administrator=tuple(administrator_statements(wanted, server.database, owner)),
        owner=tuple(owner_statements(wanted)),
    )


def refresh(node: CentreNode) -> None:
    """Have the database's policies follow the grants of the ledger; nothing to do where the warehouse is a file.

    Rights only: tables are left as they are, and a feed that has none yet is left out.

    Raises:
        OwnerMissing: there is nobody to do it as.
        RolesMissing, StoreUnavailable, StoreForbidden.
    """
    if node.file.warehouse is None:
        return
    with _as_owner(node) as (engine, place):
        rights.grant(engine, rights.of_tables_there(engine, layout(node, node.ledger)), place)


def layout(node: CentreNode, ledger: Ledger | None) -> Layout:
    """The tables of the catalogue's feeds, every region the catalogue names, and what the ledger says was granted.

    Args:
        ledger: None while there is none to ask yet.
    """
    tables = [FeedTables.of(shape) for shape in node.shapes]
    catalogue = node.catalogue
    named = {one.region for one in (*catalogue.departments, *catalogue.centres)} | {catalogue.region}
    granted = [one for one in grants_in(ledger.lines()) if one.holds(node.clock())] if ledger else []
    named |= {one.reader for one in granted if one.reader[0].isdigit()}
    return Layout(
        recorded=(ledger_room.LEDGER.name, warehouse_room.BATCHES.name),
        counters=(ledger_room.HEAD.name,),
        versions=tuple(schema.version_table for schema in SCHEMAS),
        working=(inbox_room.UPLOADS.name, inbox_room.PIECES.name, inbox_room.RECEIPTS.name),
        observed=(
            presence_room.PRESENCE.name,
            instructions_room.INSTRUCTIONS.name,
            instructions_room.REQUESTS.name,
            instructions_room.LINES.name,
            publication_room.VERSIONS.name,
            publication_room.USES.name,
        ),
        current=tuple(one.current.name for one in tables),
        history=tuple(one.history.name for one in tables),
        regions=tuple(sorted(named)),
        subscribers=tuple(one.id for one in catalogue.subscribers),
        openings=tuple(policy for one in granted for policy in _openings(one, tables)),
    )


def _openings(grant: Grant, tables: Sequence[FeedTables]) -> Iterator[Policy]:
    role = reader_of(grant.reader) if grant.reader[0].isdigit() else subscriber_of(grant.reader)
    for one in tables:
        if one.shape.feed in grant.feeds:
            for table in (one.current, one.history):
                yield opening(grant.position, table.name, role, grant.region, grant.until)


def _upgrade(node: CentreNode, engine: Engine, place: str) -> Sequence[Schema]:
    changed = migrate(engine, *SCHEMAS)
    ledger = Ledger(engine, node.site.file.site)
    warehouse = Warehouse(engine, ledger)
    for shape in node.shapes:
        warehouse.prepare(shape)
    if changed:
        said = " ".join(f"{schema.name}={schema.head}" for schema in changed)
        ledger.append(Event(at=node.clock(), kind=EventKind.MIGRATED, detail=Detail(reason=said)))
    rights.grant(engine, layout(node, ledger), place)
    return changed


@contextmanager
def _as_owner(node: CentreNode) -> Iterator[tuple[Engine, str]]:
    """The database, opened as its tables' owner, and how messages call it. Raises: WarehouseEmbedded, OwnerMissing."""
    server = _server(node)
    if server.owner is None:
        raise OwnerMissing(site=node.site.file.site)
    address = node.address(server, server.owner)
    engine = open_database(address)
    try:
        yield engine, _place(address)
    finally:
        engine.dispose()


def _server(node: CentreNode) -> WarehouseFile:
    if node.file.warehouse is None:
        raise WarehouseEmbedded(site=node.site.file.site)
    return node.file.warehouse


def _place(address: PostgresAddress) -> str:
    return f"{address.host}:{address.port}/{address.database}"
