"""Databases behind an ODBC driver (pyodbc): one SELECT with named binds, totals in the same snapshot, exact types.

Importable without pyodbc: the driver is imported when a source is opened.
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, Verdicts, expect_drivers, glance
from adapters.odbc.config import OdbcConfig

__all__ = ["OdbcAdapter", "OdbcConfig"]


class OdbcAdapter:
    """Adapter `odbc`; see `adapters.contract.Adapter`, and `Acknowledges` for a table with a handshake."""

    kind: ClassVar[str] = "odbc"
    extra: ClassVar[str] = "odbc"
    drivers: ClassVar[tuple[str, ...]] = ("pyodbc",)
    Config: ClassVar[type[OdbcConfig]] = OdbcConfig

    def __init__(self, config: OdbcConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    @property
    def marking(self) -> str | None:
        table = self._config.table
        return f"table {table.name}" if table and table.handshake else None

    def acknowledge(self, request: Request, verdicts: Verdicts) -> int:
        expect_drivers(self)
        from adapters.odbc.marking import mark

        return mark(self._config, self._secrets, request, verdicts)

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.odbc.reading import open_database

        return open_database(self._config, self._secrets, request)
