"""Files on SFTP servers: pinned host key, patterns, readiness, resume; every format of `adapters.formats`.

Importable without paramiko and asyncssh: a driver is imported when a source is opened.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from adapters.contract import Extraction, Probe, Request, Secrets, expect_drivers, glance
from adapters.sftp.config import SftpConfig

__all__ = ["SftpAdapter", "SftpConfig"]

_log = logging.getLogger("yizhan.adapters.sftp")


class SftpAdapter:
    """Adapter `sftp`; see `adapters.contract.Adapter`."""

    kind: ClassVar[str] = "sftp"
    extra: ClassVar[str] = "sftp"
    drivers: tuple[str, ...] = ("paramiko", "asyncssh")
    Config: ClassVar[type[SftpConfig]] = SftpConfig

    def __init__(self, config: SftpConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets
        self.drivers = ("asyncssh",) if config.legacy else ("paramiko",)
        if config.legacy:
            _log.warning(_CAUTION, config.host)

    def probe(self, request: Request) -> Probe:
        return glance(self.extract(request))

    def extract(self, request: Request) -> Extraction:
        expect_drivers(self)
        from adapters.sftp.reading import open_source

        return open_source(self._config, self._secrets, request)


# Logged where the adapter is made: `yizhan probe`, `run` and `adapter check` show it on stderr, a scheduler in its log.
_CAUTION = (
    "警告:%s 使用过时的SSH算法(legacy: true),传输内容可能被窃听或篡改;请限于专线,并督促对方升级。"
    " / legacy SSH algorithms: what is sent may be read or altered on the way; use a private line, have it upgraded."
)
