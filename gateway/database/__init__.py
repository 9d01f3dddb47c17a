"""The database room: opening SQLite or PostgreSQL, and the two ways to use it, reading and writing.

Owns what differs between the two products, the translation of driver errors, and bringing a schema up to date.
Statements of other rooms are SQLAlchemy Core and must not ask which product they run on. It must never know a table of
another room.
"""

from gateway.database.address import PostgresAddress
from gateway.database.guards import append_only, guard, missing_guards
from gateway.database.observing import observe_database
from gateway.database.opening import open_database, reading, writing
from gateway.database.rows import alone, empty, gather_statistics, insert_new_rows, insert_rows, upsert
from gateway.database.schema import Schema, migrate, settle, version_of
from gateway.database.text import KEY_TEXT

__all__ = [
    "KEY_TEXT",
    "PostgresAddress",
    "Schema",
    "alone",
    "append_only",
    "empty",
    "gather_statistics",
    "guard",
    "insert_new_rows",
    "insert_rows",
    "migrate",
    "missing_guards",
    "observe_database",
    "open_database",
    "reading",
    "settle",
    "upsert",
    "version_of",
    "writing",
]
