"""Private keys in a backup: one file, sealed under a passphrase (scrypt, RFC 7914; AES-256-GCM).

It must never leave a key in clear on a disk but in the site that is being restored.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.errors import BackupKeysSealed

_MAGIC = b"yizhan-keys/1\n"
_SALT, _NONCE = 16, 12


def seal(files: Mapping[str, Path], passphrase: str, entropy: Callable[[int], bytes]) -> bytes:
    """`keys.sealed`: the files by their paths below the site."""
    plain = json.dumps({name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()})
    salt, nonce = entropy(_SALT), entropy(_NONCE)
    return _MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain.encode(), _MAGIC)


def unseal(data: bytes, passphrase: str, reference: str) -> dict[str, bytes]:
    """The files, by their paths below the site.

    Args:
        reference: where the passphrase was read from, for the message.

    Raises:
        BackupKeysSealed
    """
    rest = data.removeprefix(_MAGIC)
    salt, nonce, sealed = rest[:_SALT], rest[_SALT : _SALT + _NONCE], rest[_SALT + _NONCE :]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, _MAGIC)
    except (InvalidTag, ValueError):
        raise BackupKeysSealed(reference=reference) from None
    return {name: base64.b64decode(content) for name, content in json.loads(plain).items()}


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**17, r=8, p=1).derive(passphrase.encode())
