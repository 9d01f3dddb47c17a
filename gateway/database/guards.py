"""Append-only tables: the database itself refuses to change, remove or replace their rows, whoever asks."""

from __future__ import annotations

from sqlalchemy import Connection, Table, event

from gateway.database.product import product_of


def append_only(table: Table) -> None:
    """Guard this table whenever its metadata creates it."""
    event.listen(table, "after_create", lambda made, connection, **_options: guard(connection, made))


def guard(connection: Connection, table: Table) -> None:
    """Guard a table that was made without its metadata: by a migration."""
    for statements in product_of(connection).guards(table).values():
        for statement in statements:
            connection.exec_driver_sql(statement)


def missing_guards(connection: Connection, table: Table) -> list[str]:
    """Names of the guards this table should have and has not, or has altered or switched off."""
    product = product_of(connection)
    present = product.guards_present(connection, table)
    return [name for name in product.guards(table) if name not in present]
