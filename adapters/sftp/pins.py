"""The pinned host key: in which forms it is written, and that nothing but it is accepted."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise

from adapters.contract import Request
from adapters.sftp.config import SftpConfig
from gateway.errors import HostKeyUnknown


def fingerprint(key: bytes) -> str:
    """As OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def is_pinned(key: bytes, pin: str) -> bool:
    """Whether a host key (its public blob) is the one written down."""
    return fingerprint(key) == pin.strip().rstrip("=") or base64.b64encode(key).decode() == _fields(pin)[1]


def expect_pinned(key: bytes, config: SftpConfig, request: Request) -> None:
    """Raises: HostKeyUnknown."""
    if not is_pinned(key, config.host_key):
        raise HostKeyUnknown(feed=request.feed, host=config.host, presented=fingerprint(key))


def pinned_first(pin: str, offered: Iterable[str]) -> tuple[str, ...]:
    """Ask for the kind of key that is pinned: a server has several, and only one of them was confirmed."""
    kind = _fields(pin)[0]
    return tuple(sorted(offered, key=lambda name: kind != re.sub(r"^rsa-sha2-(256|512)$", "ssh-rsa", name)))


def _fields(pin: str) -> tuple[str, str]:
    """Kind and base64 of a known_hosts line; empty strings for a fingerprint."""
    for kind, blob in pairwise(pin.split()):
        if kind.startswith(("ssh-", "ecdsa-", "sk-")):
            return kind, blob
    return "", ""
