"""Opening a database, and the two ways to use it: reading (a snapshot) and writing (one transaction).

Owns the door at which driver errors become ours. Must never let a driver's words, a row or a password through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Transaction, exc

from gateway.database import postgres, sqlite
from gateway.database.address import PostgresAddress
from gateway.database.product import product_of


def open_database(where: Path | PostgresAddress) -> Engine:
    """Open an SQLite file, made private if it is new, or a PostgreSQL database. `dispose()` of the engine closes it.

    Raises:
        StoreUnavailable: the file cannot be made. (PostgreSQL is first connected to when it is first used.)
        DatabaseDriverMissing: psycopg is not installed.
    """
    if isinstance(where, PostgresAddress):
        return postgres.open_address(where)
    return sqlite.open_file(where)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection on one snapshot; it never waits for a writer.

    Raises:
        StoreUnavailable, StoreDamaged, StoreForbidden.
    """
    with door(engine), engine.connect() as plain:
        connection = plain.execution_options(**product_of(engine).reading)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, committed if the block ends well.

    SQLite: the only writer from its start. PostgreSQL: beside others, READ COMMITTED; see `alone`.

    Raises:
        StoreUnavailable, StoreDamaged, StoreForbidden: nothing was written.
        CommitUnresolved: the connection was lost at COMMIT, and nobody can say yet whether it was written.
    """
    product = product_of(engine)
    with door(engine), engine.connect() as plain:
        connection = plain.execution_options(**product.writing)
        transaction = connection.begin()
        try:
            yield connection
        except BaseException:
            _undo(connection, transaction)
            raise
        product.commit(engine, connection, transaction)


@contextmanager
def door(engine: Engine) -> Iterator[None]:
    """Whatever the driver raises inside leaves as an error of ours."""
    product = product_of(engine)
    try:
        yield
    except (exc.DBAPIError, engine.dialect.loaded_dbapi.Error) as failed:
        raise product.fault(failed, product.place(engine.url)) from None


def _undo(connection: Connection, transaction: Transaction) -> None:
    """Roll back; where the connection is lost the server does, and what was lost first is what is told."""
    try:
        transaction.rollback()
    except exc.DBAPIError:
        connection.invalidate()
