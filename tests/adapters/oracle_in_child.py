"""The oracle adapter with its reading in the child process, in thin mode there: what can be shown without the vendor's
client is the child's whole protocol and life.
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, expect_drivers, glance
from adapters.oracle.config import OracleConfig


class InChild:
    """Adapter `oracle`, read as thick mode reads, but for the client's libraries."""

    kind: ClassVar[str] = "oracle"
    extra: ClassVar[str] = "oracle"
    drivers: ClassVar[tuple[str, ...]] = ("oracledb",)
    Config: ClassVar[type[OracleConfig]] = OracleConfig

    def __init__(self, config: OracleConfig, secrets: Secrets) -> None:
        self._config, self._secrets = config, secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.oracle.parent import open_in_child

        return open_in_child(self._config, self._secrets.read(self._config.password), request)
