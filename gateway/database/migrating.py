"""Alembic, as `schema` uses it: without files of its own on disk but the scripts, inside a transaction that is open."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from gateway.database.schema import NOTHING, Schema, version_of
from gateway.errors import SchemaAhead, SchemaUnknown

_CONNECTION, _VERSION_TABLE = "connection", "version_table"


def upgrade(connection: Connection, schema: Schema, place: str) -> None:
    """Run what is missing. Raises SchemaAhead, SchemaUnknown."""
    found = version_of(connection, schema)
    require_known(schema, found, place)
    config = _config(schema)
    config.attributes |= {_CONNECTION: connection, _VERSION_TABLE: schema.version_table}
    if found == NOTHING and _present(connection, schema):
        _require_same(connection, schema, place)
        command.stamp(config, ScriptDirectory.from_config(config).get_base())
    command.upgrade(config, schema.head)


def require_known(schema: Schema, found: str, place: str) -> None:
    """Raises SchemaAhead: no migration of this version of the product made it."""
    known = {script.revision for script in ScriptDirectory.from_config(_config(schema)).walk_revisions()}
    if found != NOTHING and found not in known:
        raise SchemaAhead(place=place, schema=schema.name, found=found, needed=schema.head)


def run(context: Any) -> None:
    """What a room's `env.py` does with `alembic.context`: the steps, in the transaction that is open."""
    attributes = context.config.attributes
    context.configure(connection=attributes[_CONNECTION], version_table=attributes[_VERSION_TABLE])
    with context.begin_transaction():
        context.run_migrations()


def _config(schema: Schema) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _present(connection: Connection, schema: Schema) -> list[str]:
    """Tables that were there before there were migrations."""
    found = inspect(connection)
    return [name for name in schema.metadata.tables if found.has_table(name)]


def _require_same(connection: Connection, schema: Schema, place: str) -> None:
    """Raises SchemaUnknown: they are not what the migrations make. Indexes are not compared: migrations add them."""
    own = schema.metadata.tables
    options = {"include_name": lambda name, kind, _parents: kind != "table" or name in own, "compare_type": True}
    options["include_object"] = lambda _one, _name, kind, _reflected, _other: kind != "index"
    context = MigrationContext.configure(connection, opts=options)
    if compare_metadata(context, schema.metadata):
        raise SchemaUnknown(place=place, schema=schema.name, table=next(iter(own)))
