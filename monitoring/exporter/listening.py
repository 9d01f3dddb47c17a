"""Where the exporter listens and what it needs to listen beyond this machine. Values, and whether they can be used."""

from __future__ import annotations

import ssl
import stat
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from gateway.errors import ExporterTlsUnusable, KeyFileExposed, ListenInvalid

_LOCAL = "localhost"
_MAX_KEY = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Listen:
        """`127.0.0.1:9464` or `[::1]:9464`; a name other than localhost is no address. Raises: ListenInvalid."""
        host, _, port = text.rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
            raise ListenInvalid(text=text)
        try:
            known = bare == _LOCAL or (ip_address(bare).version == 6) is (bare != host)
        except ValueError:
            known = False
        if not known:
            raise ListenInvalid(text=text)
        return cls(host=bare, port=int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def on_this_machine(self) -> bool:
        """Whether nobody else reaches it."""
        return self.host == _LOCAL or ip_address(self.host).is_loopback


@dataclass(frozen=True, kw_only=True)
class MutualTls:
    """The exporter's certificate (with its chain) and key, and the authority of those who may read: PEM files."""

    certificate: Path
    key: Path
    client_ca: Path

    def require_usable(self) -> None:
        """Raise unless OpenSSL takes them all, without asking anybody for a passphrase.

        Raises:
            ExporterTlsUnusable
            KeyFileExposed: others than this user can reach the key.
        """
        _require_private(self.key)
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            trial.load_cert_chain(self.certificate, self.key)
        except OSError:
            raise _unusable(self.certificate, "证书或与其配对的私钥不可用", "it, or the key to it, is no use") from None
        try:
            trial.load_verify_locations(self.client_ca)
        except OSError:
            raise _unusable(self.client_ca, "不是可用的 CA 证书", "it holds no certificate of an authority") from None


def _require_private(key: Path) -> None:
    try:
        with key.open("rb") as file:
            mode = stat.S_IMODE(key.stat().st_mode)
            content = file.read(_MAX_KEY)
    except OSError:
        raise _unusable(key, "文件不存在或不可读", "the file is missing or cannot be read") from None
    if mode & 0o077:
        raise KeyFileExposed(path=key, mode=f"{mode:04o}")
    if b"ENCRYPTED" in content:  # OpenSSL would ask for the passphrase on a terminal that a service does not have
        raise _unusable(key, "私钥有口令保护;请用只有本用户可读的明文私钥", "the key has a passphrase; use a plain one")


def _unusable(path: Path, zh: str, en: str) -> ExporterTlsUnusable:
    return ExporterTlsUnusable(path=path, reason_zh=zh, reason_en=en)
