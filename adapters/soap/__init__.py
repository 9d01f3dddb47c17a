"""Paged SOAP services (zeep): the WSDL read through an allow-list, pages streamed into Arrow, totals checked.

Importable without zeep and lxml: the drivers are imported when a source is opened.
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, expect_drivers, glance
from adapters.soap.config import SoapConfig

__all__ = ["SoapAdapter", "SoapConfig"]


class SoapAdapter:
    """Adapter `soap`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "soap"
    extra: ClassVar[str] = "soap"
    drivers: ClassVar[tuple[str, ...]] = ("zeep", "lxml")
    Config: ClassVar[type[SoapConfig]] = SoapConfig

    def __init__(self, config: SoapConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.soap.reading import open_service

        return open_service(self._config, self._secrets, request)
