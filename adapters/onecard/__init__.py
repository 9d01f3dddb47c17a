"""The fiscal one-card (惠民惠农一卡通) system: roster, fiscal batches and the bank's answers, joined and reconciled.

Each part is read by another adapter, found through the registry: files, SFTP, a database, SOAP. Layouts are data
(`layouts/`). Must never import another adapter, and needs no driver of its own.

config    parts, layouts        `OnecardConfig`
layout    a bank's or county's file as data
answers   the bank's answers as an index; `bank` reads them
roster    the join; `book` and `reconcile` the figures
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, glance
from adapters.onecard.config import OnecardConfig

__all__ = ["OnecardAdapter", "OnecardConfig"]


class OnecardAdapter:
    """Adapter `onecard`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "onecard"
    extra: ClassVar[str] = "all"
    drivers: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[OnecardConfig]] = OnecardConfig

    def __init__(self, config: OnecardConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        from adapters.onecard.reading import open_parts

        return open_parts(self._config, self._secrets, request)
