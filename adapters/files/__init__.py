"""Files in a local or mounted folder: patterns, readiness, and every format of `adapters.formats`. Needs no driver."""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, glance
from adapters.drops import open_drops
from adapters.files.config import FilesConfig
from adapters.files.folder import LocalFolder

__all__ = ["FilesAdapter", "FilesConfig"]


class FilesAdapter:
    """Adapter `files`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "files"
    extra: ClassVar[str] = "files"
    drivers: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[FilesConfig]] = FilesConfig

    def __init__(self, config: FilesConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        return open_drops(LocalFolder(self._config.root, request), self._config, self._secrets, request)
