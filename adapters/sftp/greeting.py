"""One asyncssh connection to an old server: its algorithms, the pinned host key, log-in, and its errors as ours.

Must never accept a host key that is not the pinned one, nor log or pass on a driver's message.
"""

from __future__ import annotations

import logging
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import asyncssh
from cryptography.utils import CryptographyDeprecationWarning

from adapters.contract import Request, SecretRef, Secrets
from adapters.sftp.config import SftpConfig
from adapters.sftp.pins import fingerprint, is_pinned, pinned_first
from gateway.errors import HostKeyUnknown, SecretUnavailable, SourceDenied, SourceMalformed, SourceUnavailable

LOGIN_SECONDS = 30.0
# What is safe first: an old server may still know some of it.
_KEX = (
    "curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group16-sha512", "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1",
)  # fmt: skip
_CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc",
    "aes192-cbc", "aes256-cbc", "3des-cbc",
)  # fmt: skip
_MACS = (
    "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
    "hmac-md5",
)  # fmt: skip
_KEYS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512",
    "ssh-rsa",
)  # fmt: skip
_RSA = b"ssh-rsa"

# What matters is raised; asyncssh tells of each connection, with the peer's own words.
logging.getLogger("asyncssh").addHandler(logging.NullHandler())
logging.getLogger("asyncssh").propagate = False
# The operator is warned by ourselves, in words that say what to do.
warnings.filterwarnings("ignore", category=CryptographyDeprecationWarning, module=r"asyncssh\.")


class _Pinned(asyncssh.SSHClient):
    """Accepts the pinned host key alone, and keeps what was presented instead."""

    def __init__(self, pin: str) -> None:
        self._pin = pin
        self.presented: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        if is_pinned(key.public_data, self._pin):
            return True
        self.presented = fingerprint(key.public_data)
        return False


async def greeted(config: SftpConfig, secrets: Secrets, request: Request) -> asyncssh.SSHClientConnection:
    """A connection that is logged in. Raises: HostKeyUnknown, SecretUnavailable; and what `legacy_errors` turns."""
    client = _Pinned(config.host_key)
    try:
        connection = await asyncssh.connect(
            config.host, config.port, client_factory=lambda: client, known_hosts=b"", config=None, agent_path=None,
            username=config.user, client_keys=_keys(config, secrets), gss_host=None,
            password=secrets.read(config.password) if config.password is not None else None,
            kex_algs=_KEX, encryption_algs=_CIPHERS, mac_algs=_MACS, signature_algs=_KEYS, compression_algs=["none"],
            server_host_key_algs=pinned_first(config.host_key, _KEYS), login_timeout=LOGIN_SECONDS,
            connect_timeout=min(LOGIN_SECONDS, request.remaining()), x509_trusted_certs=None,
        )  # fmt: skip
    except asyncssh.HostKeyNotVerifiable:
        if client.presented is None:
            raise
        raise HostKeyUnknown(feed=request.feed, host=config.host, presented=client.presented) from None
    wire = connection.get_extra_info("socket")
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@contextmanager
def legacy_errors(request: Request) -> Iterator[None]:
    """asyncssh's and the socket's exceptions as ours; a missing file is left to the caller, who knows which it was."""
    try:
        yield
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise FileNotFoundError from None
    except (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied) as error:
        raise SourceDenied(feed=request.feed) from error
    except asyncssh.SFTPBadMessage as error:
        zh, en = "对方的应答无法辨认;文件名可能不是GBK", "its answer cannot be read; a file's name may not be GBK"
        raise SourceMalformed(feed=request.feed, where="SFTP", reason_zh=zh, reason_en=en) from error
    except asyncssh.KeyExchangeFailed as error:
        zh, en = "没有共同的SSH算法", "no SSH algorithm in common"
        raise SourceMalformed(feed=request.feed, where="SSH", reason_zh=zh, reason_en=en) from error
    except TimeoutError as error:
        request.remaining()
        raise _unavailable(request, "对方长时间没有应答", "it did not answer in time") from error
    except (asyncssh.Error, OSError) as error:
        request.remaining()
        raise _unavailable(request, "无法连接或连接中断", "the connection failed or broke off") from error


def _unavailable(request: Request, zh: str, en: str) -> SourceUnavailable:
    return SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en)


def _keys(config: SftpConfig, secrets: Secrets) -> list[asyncssh.SSHKeyPair] | None:
    """The private key, with its certificate where there is one. Raises: SecretUnavailable.

    An RSA key is offered with SHA-2 first and with SHA-1 then: some servers announce what they do not take.
    """
    if config.private_key is None:
        return None
    opened_by = secrets.read(config.passphrase) if config.passphrase is not None else None
    try:
        key = asyncssh.import_private_key(secrets.read(config.private_key) + "\n", opened_by)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise SecretUnavailable(reference=config.private_key.reference) from None
    if config.certificate is not None:
        return list(asyncssh.load_keypairs([(key, _certificate(config.certificate, secrets))]))
    pairs = [*asyncssh.load_keypairs([key]), *asyncssh.load_keypairs([key])]
    if pairs[1].algorithm != _RSA:
        return pairs[:1]
    pairs[1].sig_algorithms = (_RSA,)
    return pairs


def _certificate(ref: SecretRef, secrets: Secrets) -> asyncssh.SSHCertificate:
    try:
        return asyncssh.import_certificate(secrets.read(ref))
    except asyncssh.KeyImportError:
        raise SecretUnavailable(reference=ref.reference) from None
