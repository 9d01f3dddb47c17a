"""Private keys: reading and writing their files, signing, agreeing on a key.

A key file is PKCS#8 PEM, plain or under a passphrase (scrypt), owned by this user and out of everybody else's reach.
`Signer` and `Decryptor` are the only objects that hold a private key; they show what to do with it and never the key.

This module must never log, print or put into an error anything read from a key file.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.errors import KeyFileExposed, KeyFileUnreadable, KeyMismatch, KeyUnsuitable
from gateway.keys.identity import serial_of

MAX_KEY_FILE = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs as one party. `certificate` and `intermediates` (nearest first, without the anchor) are DER."""

    certificate: bytes
    intermediates: tuple[bytes, ...]
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 over SHA-256 of `data`, as a DER Ecdsa-Sig-Value (RFC 3279)."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, kw_only=True)
class Decryptor:
    """Opens key envelopes addressed to one centre. `certificate` is DER."""

    certificate: bytes
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    def exchange(self, point: bytes) -> bytes:
        """ECDH P-256 with the sender's ephemeral `point` (X9.62, uncompressed): the 32-byte shared x coordinate.

        Raises:
            ValueError: `point` is not on the curve.
        """
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return self._key.exchange(ec.ECDH(), public)


def read_key(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    """Read a P-256 private key.

    Raises:
        KeyFileExposed: group or others may read, write or execute the file, or another user owns it.
        KeyFileUnreadable: missing, not PKCS#8 PEM, or the passphrase is missing or wrong. A plain file is
                refused too where a passphrase is given: who set one believes the keys are locked.
        KeyUnsuitable: another algorithm or curve.
    """
    data = _read_private(path)
    try:
        key = load_pem_private_key(data, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        said = "不是有效的 PKCS#8 私钥,或口令缺少、不符", "no PKCS#8 key, or the passphrase is missing or wrong"
        raise _unreadable(path, *said) from None
    if not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)):
        raise KeyUnsuitable(serial=path.name, expected="ECDSA P-256")
    return key


def check_pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, path: Path) -> None:
    """Raise KeyMismatch unless `key` (read from `path`) is the certificate's own."""
    try:
        certified = certificate.public_key()
    except UnsupportedAlgorithm:
        raise KeyUnsuitable(serial=serial_of(certificate), expected="ECDSA P-256") from None
    if _spki(certified) != _spki(key.public_key()):
        raise KeyMismatch(path=path)


def write_private(path: Path, data: bytes) -> None:
    """Create `path` with `data`, readable by this user only from its first instant on; never overwrites."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read_private(path: Path) -> bytes:
    """Check the open file, not its name: the name could be pointed elsewhere between the look and the reading."""
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            if stat.S_IMODE(facts.st_mode) & 0o077 or facts.st_uid not in (os.geteuid(), 0):
                raise KeyFileExposed(path=path, mode=f"{stat.S_IMODE(facts.st_mode):04o}")
            return file.read(MAX_KEY_FILE)
    except OSError:
        raise _unreadable(path, "文件不存在或不可读", "the file is missing or cannot be read") from None


def _spki(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _unreadable(path: Path, zh: str, en: str) -> KeyFileUnreadable:
    return KeyFileUnreadable(path=path, reason_zh=zh, reason_en=en)
