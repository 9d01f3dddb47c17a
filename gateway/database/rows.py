"""What a writing transaction does with rows in bulk, the same on both products."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from sqlalchemy import Connection, Table

from gateway.database.product import Upsert, product_of


def alone(connection: Connection, *names: str) -> None:
    """Wait until no other transaction is alone with any of these names; released when this one ends.

    Nothing on SQLite, whose writer is alone already.
    """
    product_of(connection).alone(connection, names)


def upsert(connection: Connection, table: Table) -> Upsert:
    """The INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return product_of(connection).upsert(table)


def insert_rows(connection: Connection, table: Table, rows: pa.RecordBatch) -> None:
    """Insert all rows; their columns are columns of the table, integers and text."""
    if rows.num_rows:
        product_of(connection).insert_rows(connection, table, rows)


def insert_new_rows(
    connection: Connection, table: Table, stage: Table, fixed: Mapping[str, object], rows: pa.RecordBatch
) -> int:
    """Insert the rows whose key is not taken, the first of those that share one; how many went in.

    Args:
        stage: an empty temporary table with the columns of `rows`, its primary key their order; empty again after.
        fixed: columns of the table that are the same in each row.
    """
    return product_of(connection).insert_new_rows(connection, table, stage, fixed, rows) if rows.num_rows else 0


def empty(connection: Connection, table: Table) -> None:
    """Remove all rows of a temporary table."""
    product_of(connection).empty(connection, table)


def gather_statistics(connection: Connection, table: Table) -> None:
    """Let the planner know a temporary table that was just filled."""
    product_of(connection).gather_statistics(connection, table)
