"""O5LOGON: a log-in in two calls, in which the password never crosses the wire.

First the server sends a random part, encrypted with a key made of the password's stored hash and a salt; the client
answers with a part of its own and the password, encrypted with a key made of both parts. 11G hashes by SHA-1 and
joins by MD5; 12C hashes by PBKDF2 over SHA-512 and joins by PBKDF2. A 10G verifier (DES) is announced like the
others, and the driver's thin mode leaves at that.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.peers.oracle.primitives import Reader, ub, with_two_lengths
from tests.peers.oracle.results import OracleError, status
from tests.peers.oracle.services import Service, Verifier

_PARAMETERS = 8
_ROUNDS, _JOIN_ROUNDS = 4096, 3
_BLOCK = 16
LOCKED, EXPIRED = "LOCKED", "EXPIRED"


class Login:
    """One log-in under way."""

    def __init__(self, service: Service, accounts: Mapping[str, str]) -> None:
        self._service, self._accounts = service, accounts
        self._user, self._key, self._part, self._salt = "", b"", b"", b""
        self._join_salt = os.urandom(16)

    def challenge(self, reader: Reader) -> bytes:
        """The first call: a name, answered with our part and the salt. Unknown names get one like all others."""
        self._user, _ = _names_and_values(reader)
        password = self._accounts.get(self._user.upper(), os.urandom(16).hex()).encode()
        if self._service.verifier is Verifier.OF_12C:
            self._salt, self._part = os.urandom(16), os.urandom(32)
            stretched = _stretch(password, self._salt + b"AUTH_PBKDF2_SPEEDY_KEY", _ROUNDS, 64)
            self._key = hashlib.sha512(stretched + self._salt).digest()[:32]
        else:
            self._salt, self._part = os.urandom(10), os.urandom(48)
            self._key = hashlib.sha1(password + self._salt).digest() + bytes(4)
        told = _encrypt(self._key, self._part)[: len(self._part)]
        return _parameters(
            ("AUTH_SESSKEY", _hex(told), 0), ("AUTH_VFR_DATA", _hex(self._salt), self._service.verifier),
            ("AUTH_PBKDF2_CSK_SALT", _hex(self._join_salt), 0), ("AUTH_PBKDF2_VGEN_COUNT", str(_ROUNDS), 0),
            ("AUTH_PBKDF2_SDER_COUNT", str(_JOIN_ROUNDS), 0),
        )  # fmt: skip

    def judge(self, reader: Reader) -> bytes:
        """The second call. Raises: OracleError: refused."""
        _, given = _names_and_values(reader)
        joint = self._joint(_decrypt(self._key, bytes.fromhex(given["AUTH_SESSKEY"])))
        told = _unpadded(_decrypt(joint, bytes.fromhex(given["AUTH_PASSWORD"]))[_BLOCK:])
        expected = self._accounts.get(self._user.upper())
        if expected is None or not hmac.compare_digest(told, expected.encode()):
            raise OracleError(1017, "invalid username/password; logon denied")
        if self._user.upper() == LOCKED:
            raise OracleError(28000, "the account is locked")
        if self._user.upper() == EXPIRED:
            raise OracleError(28001, "the password has expired")
        proof = _encrypt(joint, os.urandom(16) + b"SERVER_TO_CLIENT")
        return _parameters(
            ("AUTH_VERSION_NO", str(self._service.version_number), 0), ("AUTH_SESSION_ID", "101", 0),
            ("AUTH_SERIAL_NUM", "7", 0), ("AUTH_INSTANCENAME", "wire", 0), ("AUTH_MAX_OPEN_CURSORS", "300", 0),
            ("AUTH_MAX_IDEN_LENGTH", "128", 0), ("AUTH_SVR_RESPONSE", _hex(proof), 0),
        )  # fmt: skip

    def _joint(self, theirs: bytes) -> bytes:
        """The session's key, made of both parts."""
        if self._service.verifier is Verifier.OF_12C:
            return _stretch256(_hex(theirs[:32] + self._part[:32]).encode(), self._join_salt)
        mixed = bytes(one ^ other for one, other in zip(self._part[16:40], theirs[16:40], strict=True))
        return (hashlib.md5(mixed[:16]).digest() + hashlib.md5(mixed[16:]).digest())[:24]


def _stretch(password: bytes, salt: bytes, rounds: int, length: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password, salt, rounds, length)


def _stretch256(password: bytes, salt: bytes) -> bytes:
    return _stretch(password, salt, _JOIN_ROUNDS, 32)


def _hex(raw: bytes) -> str:
    return raw.hex().upper()


def _encrypt(key: bytes, plain: bytes) -> bytes:
    count = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor()
    return encryptor.update(plain + bytes((count,)) * count) + encryptor.finalize()


def _decrypt(key: bytes, secret: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).decryptor()
    return decryptor.update(secret) + decryptor.finalize()


def _unpadded(plain: bytes) -> bytes:
    return plain[: -plain[-1]] if plain and 1 <= plain[-1] <= _BLOCK else b""


def _names_and_values(reader: Reader) -> tuple[str, dict[str, str]]:
    reader.byte()
    reader.skip_ubs(2)
    reader.byte()
    count = reader.ub()
    reader.skip(2)
    user = (reader.string() or b"").decode()
    pairs = {}
    for _ in range(count):
        name, value = reader.string_with_two_lengths(), reader.string_with_two_lengths()
        reader.ub()
        pairs[name.decode()] = value.decode()
    return user, pairs


def _parameters(*told: tuple[str, str, int]) -> bytes:
    parts = [
        with_two_lengths(name.encode()) + with_two_lengths(value.encode()) + ub(flags) for name, value, flags in told
    ]
    return bytes((_PARAMETERS,)) + ub(len(told)) + b"".join(parts) + status()
