"""Delimited text files on SFTP servers (paramiko): pinned host key, marker file, GB18030, the file's own totals.

Importable without paramiko: the driver is imported when a source is opened.
"""

from __future__ import annotations

from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, expect_drivers, glance
from adapters.sftp.config import SftpConfig

__all__ = ["SftpAdapter", "SftpConfig"]


class SftpAdapter:
    """Adapter `sftp`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "sftp"
    extra: ClassVar[str] = "sftp"
    drivers: ClassVar[tuple[str, ...]] = ("paramiko",)
    Config: ClassVar[type[SftpConfig]] = SftpConfig

    def __init__(self, config: SftpConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.sftp.reading import open_file

        return open_file(self._config, self._secrets, request)
