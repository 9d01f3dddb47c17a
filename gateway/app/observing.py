"""A node seen from outside: the same rooms over the same stores, opened so that nothing can be written.

For the exporter. The node's own commands make what is missing when they open it; an observer is told that it is
missing. Must never make a file, a directory or a table, and must never need more of a database than its records.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from gateway.app.rooms import CentreNode, FrontEnd, Node
from gateway.app.site import CentreFile, read_site
from gateway.database import PostgresAddress, observe_database
from gateway.errors import StoreAbsent
from gateway.spool import Spool, State
from gateway.warehouse import Warehouse


class _Observed(Node):
    @cached_property
    def database(self) -> Engine:
        """Read-only. Raises: StoreAbsent, DatabaseDriverMissing, SecretUnavailable."""
        return observe_database(self._database_place)

    @cached_property
    def spool(self) -> Spool:
        """`spool/`, which is there. Raises: StoreAbsent."""
        return _spool(self.site.root / "spool")

    def close(self) -> None:
        """Let go of the database, if it was ever opened."""
        if "database" in vars(self):
            self.database.dispose()


class ObservedFrontEnd(_Observed, FrontEnd):
    """A department's front-end, only read."""


class ObservedCentre(_Observed, CentreNode):
    """A centre, only read; a PostgreSQL warehouse with the log-in of its auditor, where the site has one."""

    @property
    def _database_place(self) -> Path | PostgresAddress:
        server = self.file.warehouse
        return super()._database_place if server is None else self.address(server, server.auditor or server)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse without any feed's tables: what was delivered stands in its records."""
        return Warehouse(self.database, self.ledger)

    @cached_property
    def upward(self) -> Spool | None:
        """`upward/`, where the site names a centre above and it is there. Raises: StoreAbsent."""
        return _spool(self.site.root / "upward") if self.file.upward is not None else None


def observe_node(root: Path, environ: Mapping[str, str]) -> ObservedFrontEnd | ObservedCentre:
    """The node whose site directory this is, only read. Raises: what `read_site` raises."""
    site = read_site(root)
    kind = ObservedCentre if isinstance(site.file, CentreFile) else ObservedFrontEnd
    return kind(site=site, environ=environ)


def _spool(root: Path) -> Spool:
    """Opening one makes the directories that are missing, so they must be there."""
    if not all((root / place).is_dir() for place in ("partial", *State)):
        raise StoreAbsent(file=root.name)
    return Spool(root)
