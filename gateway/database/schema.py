"""The fixed tables of a room, and bringing a database to them by the room's own migrations (Alembic).

A database says in `<name>_version` how far it was brought. An SQLite file is brought up to date by whoever opens it; a
PostgreSQL database only by its owner, who is asked to (`migrate`), and everybody else is refused until then. All steps
of an upgrade are one transaction. It must never alter tables whose version it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, column, inspect, select, table

from gateway.database.observing import is_observed
from gateway.database.opening import reading, writing
from gateway.database.product import product_of
from gateway.database.rows import alone
from gateway.errors import SchemaBehind, StoreUnprepared

_ALONE = "schema"
NOTHING = "-"
"""The version of a database that has none of the tables."""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A room's fixed tables.

    Attributes:
        name: of the room; `<name>_version` is the table that says how far a database was brought.
        head: the newest migration in `scripts`, a directory as Alembic wants it.
        metadata: the tables as they are after it.
    """

    name: str
    head: str
    metadata: MetaData
    scripts: Path

    @property
    def version_table(self) -> str:
        """Where Alembic keeps the version."""
        return f"{self.name}_version"


def settle(engine: Engine, schema: Schema) -> None:
    """Return only if the database has this room's tables as this version of the product needs them.

    Raises:
        SchemaBehind: it is PostgreSQL, and its owner has to upgrade it.
        StoreUnprepared: it is a file that is only read here, and nobody has opened it with this version yet.
        SchemaAhead: a later version of the product has changed the tables.
        SchemaUnknown: tables stand there that no migration has made.
        DatabaseUnsuitable, StoreUnavailable, StoreDamaged, StoreForbidden.
    """
    product = product_of(engine)
    with reading(engine) as connection:
        product.require_suitable(connection)
        found = version_of(connection, schema)
    if found == schema.head:
        return
    if product.migrates_itself and is_observed(engine):
        raise StoreUnprepared(file=product.place(engine.url), schema=schema.name)
    if product.migrates_itself:
        migrate(engine, schema)
        return
    from gateway.database.migrating import require_known  # here: Alembic is slow to import, and seldom needed

    place = product.place(engine.url)
    require_known(schema, found, place)
    raise SchemaBehind(place=place, schema=schema.name, found=found, needed=schema.head)


def migrate(engine: Engine, *schemas: Schema) -> Sequence[Schema]:
    """Bring the tables up to date in one transaction, as their owner; which schemas were changed.

    Raises: as `settle`, but for SchemaBehind.
    """
    from gateway.database.migrating import upgrade

    product = product_of(engine)
    with writing(engine) as connection:
        product.require_suitable(connection)
        alone(connection, _ALONE)  # whoever waits here finds the work done
        behind = [schema for schema in schemas if version_of(connection, schema) != schema.head]
        for schema in behind:
            upgrade(connection, schema, product.place(engine.url))
    return behind


def version_of(connection: Connection, schema: Schema) -> str:
    """How far the database was brought; `NOTHING` if it was never."""
    if not inspect(connection).has_table(schema.version_table):
        return NOTHING
    versions = table(schema.version_table, column("version_num"))
    return connection.execute(select(versions.c.version_num)).scalar_one_or_none() or NOTHING
