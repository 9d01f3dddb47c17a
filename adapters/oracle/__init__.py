"""Oracle databases (python-oracledb, by the maintainers of cx_Oracle and its successor).

Thin mode in this process for Oracle 12.1 and later; thick mode, for older servers and old password verifiers, in a
child process with the site's own Instant Client. Importable without oracledb: the driver is imported when a source is
opened.
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, expect_drivers, glance
from adapters.oracle.config import OracleConfig

__all__ = ["OracleAdapter", "OracleConfig"]


class OracleAdapter:
    """Adapter `oracle`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "oracle"
    extra: ClassVar[str] = "oracle"
    drivers: ClassVar[tuple[str, ...]] = ("oracledb",)
    Config: ClassVar[type[OracleConfig]] = OracleConfig

    def __init__(self, config: OracleConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.oracle.parent import open_in_child
        from adapters.oracle.reading import open_database

        password = self._secrets.read(self._config.password)
        if self._config.mode == "thick":
            return open_in_child(self._config, password, request)
        return open_database(self._config, password, request)
