"""One SSH connection: pinned host key, log-in, and paramiko's exceptions turned into ours at this door.

Must never accept a host key that is not the pinned one, nor log or pass on a driver's message.
"""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import paramiko

from adapters.contract import Request, SecretRef, Secrets
from adapters.sftp.config import SftpConfig
from adapters.sftp.pins import expect_pinned, pinned_first
from gateway.errors import SecretUnavailable, SourceDenied, SourceMalformed, SourceUnavailable

IDLE_SECONDS = 60.0
_LOGIN_SECONDS = 30.0
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
# AES-GCM first: measured twice as fast as AES-CTR with a MAC, and OpenSSH has had it since 2013.
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")

# paramiko logs tracebacks with the peer's words when a connection breaks; what matters is raised.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@contextmanager
def connected(config: SftpConfig, secrets: Secrets, request: Request) -> Iterator[paramiko.SFTPClient]:
    """An open SFTP session.

    Raises:
        HostKeyUnknown, SourceDenied, SourceUnavailable, SourceMalformed, SecretUnavailable; LimitExceeded.
    """
    with ExitStack() as stack:
        with driver_errors(request):
            transport = _greeted(config, request, stack)
            _log_in(transport, config, secrets, request)
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise SourceDenied(feed=request.feed)
            client.get_channel().settimeout(min(IDLE_SECONDS, request.remaining()))
        yield client


@contextmanager
def driver_errors(request: Request) -> Iterator[None]:
    """paramiko's and the socket's exceptions as ours; a missing file is left to the caller, who knows which it was."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (paramiko.AuthenticationException, PermissionError) as error:
        raise SourceDenied(feed=request.feed) from error
    except paramiko.IncompatiblePeer as error:
        zh = "对方SSH软件过旧,没有共同的算法;确需连接时在 source 下写 legacy: true"
        en = "its SSH software is too old, no algorithm in common; if it must be, write legacy: true under source"
        raise SourceMalformed(feed=request.feed, where="SSH", reason_zh=zh, reason_en=en) from error
    except TimeoutError as error:
        request.remaining()
        raise _unavailable(request, "对方长时间没有应答", "it did not answer in time") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        request.remaining()
        raise _unavailable(request, "无法连接或连接中断", "the connection failed or broke off") from error


def _unavailable(request: Request, zh: str, en: str) -> SourceUnavailable:
    return SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en)


def _greeted(config: SftpConfig, request: Request, stack: ExitStack) -> paramiko.Transport:
    """A connection whose host key is the pinned one; nothing of ours has been sent on it yet."""
    wire = socket.create_connection((config.host, config.port), timeout=min(_LOGIN_SECONDS, request.remaining()))
    stack.callback(wire.close)
    # Without it each small request waits for the peer's delayed ACK: measured 7 instead of 146 MiB/s.
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(wire)
    stack.callback(transport.close)
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = _LOGIN_SECONDS
    options = transport.get_security_options()
    options.ciphers = _CIPHERS
    options.key_types = pinned_first(config.host_key, tuple(options.key_types))
    transport.start_client(timeout=min(_LOGIN_SECONDS, request.remaining()))
    expect_pinned(transport.get_remote_server_key().asbytes(), config, request)
    return transport


def _log_in(transport: paramiko.Transport, config: SftpConfig, secrets: Secrets, request: Request) -> None:
    """Private key (with its certificate) first, then the password where the server asks for both or there is no key.

    paramiko answers a keyboard-interactive server's one question with the password.
    """
    if config.private_key is not None:
        key = _key(config.private_key, config.passphrase, secrets)
        if config.certificate is not None:
            _certify(key, config.certificate, secrets)
        transport.auth_publickey(config.user, key)
    if config.password is not None and not transport.is_authenticated():
        transport.auth_password(config.user, secrets.read(config.password))
    if not transport.is_authenticated():
        raise SourceDenied(feed=request.feed)


def _key(ref: SecretRef, passphrase: SecretRef | None, secrets: Secrets) -> paramiko.PKey:
    text = secrets.read(ref)
    opened_by = secrets.read(passphrase) if passphrase is not None else None
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text + "\n"), password=opened_by)
        except (paramiko.SSHException, ValueError):
            continue
    raise SecretUnavailable(reference=ref.reference)


def _certify(key: paramiko.PKey, ref: SecretRef, secrets: Secrets) -> None:
    try:
        key.load_certificate(secrets.read(ref))
    except (paramiko.SSHException, ValueError):
        raise SecretUnavailable(reference=ref.reference) from None
