"""An SFTP source opened: over current algorithms, or over old ones where the configuration says so."""

from __future__ import annotations

from adapters.contract import Extraction, Request, Secrets
from adapters.drops import Folder, open_drops
from adapters.sftp.config import SftpConfig


def open_source(config: SftpConfig, secrets: Secrets, request: Request) -> Extraction:
    """Raises: as `Adapter.extract`."""
    known = (("security", "legacy"),) if config.legacy else ()
    return open_drops(_connected(config, secrets, request), config, secrets, request, known)


def _connected(config: SftpConfig, secrets: Secrets, request: Request) -> Folder:
    """Each driver is imported only where it is used."""
    if config.legacy:
        from adapters.sftp.legacy import LegacyFolder

        return LegacyFolder(config, secrets, request)
    from adapters.sftp.modern import ModernFolder

    return ModernFolder(config, secrets, request)
