"""What differs between database products, gathered in one interface; `product_of` gives the one behind an engine.

Must never decide anything: the functions of this room that others call are in `opening`, `rows`, `guards`, `schema`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pyarrow as pa
from sqlalchemy import URL, Connection, Engine, Table, Transaction

# of the two dialects, the INSERT with ON CONFLICT has one shape
from sqlalchemy.dialects.sqlite import Insert as Upsert

from gateway.database.postgres import POSTGRES
from gateway.database.sqlite import SQLITE
from gateway.errors import YizhanError


class Product(Protocol):
    """One database product.

    Attributes:
        reading, writing: SQLAlchemy's execution options of a transaction that reads, or writes.
        migrates_itself: whether whoever opens a database may bring its tables up to date.
    """

    reading: Mapping[str, object]
    writing: Mapping[str, object]
    migrates_itself: bool

    def place(self, url: URL) -> str:
        """How messages name the database: without a log-in."""

    def fault(self, failed: BaseException, place: str) -> YizhanError:
        """What a driver's error means, without its words."""

    def commit(self, engine: Engine, connection: Connection, transaction: Transaction) -> None:
        """COMMIT, and return only if it is certain. Raises StoreUnavailable, CommitUnresolved."""

    def alone(self, connection: Connection, names: Sequence[str]) -> None:
        """See `rows.alone`."""

    def upsert(self, table: Table) -> Upsert:
        """See `rows.upsert`."""

    def insert_rows(self, connection: Connection, table: Table, rows: pa.RecordBatch) -> None:
        """See `rows.insert_rows`."""

    def insert_new_rows(
        self, connection: Connection, table: Table, stage: Table, fixed: Mapping[str, object], rows: pa.RecordBatch
    ) -> int:
        """See `rows.insert_new_rows`."""

    def empty(self, connection: Connection, table: Table) -> None:
        """See `rows.empty`."""

    def gather_statistics(self, connection: Connection, table: Table) -> None:
        """See `rows.gather_statistics`."""

    def guards(self, table: Table) -> Mapping[str, Sequence[str]]:
        """Name of each guard of an append-only table, and the statements that set it up."""

    def guards_present(self, connection: Connection, table: Table) -> Sequence[str]:
        """Names of the guards that are there, unaltered and in force."""

    def require_suitable(self, connection: Connection) -> None:
        """Raises DatabaseUnsuitable: too old, or text is not stored as UTF-8."""


def product_of(source: Engine | Connection) -> Product:
    """The product behind an engine or a connection."""
    return _PRODUCTS[source.dialect.name]


_PRODUCTS: Mapping[str, Product] = {"sqlite": SQLITE, "postgresql": POSTGRES}
