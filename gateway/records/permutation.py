"""What makes a keyed row digest fit to be written down.

The multilinear digests of `gateway.records.digests` are linear in their key, so they must not be written anywhere as
they are. Put through AES-256 as one block they may: a universal hash below a pseudo-random permutation is a
pseudo-random function (Carter and Wegman 1981; Shoup 1996), and without the key such a block says nothing of the row,
nor can a guess be tried out on it. Must never hold or make a key.
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.records.digests import Words


class Permutation:
    """AES-256 over digests of 128 bits, each by itself; `key` has 32 secret bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - one block a digest is a permutation

    def of(self, words: Words) -> Words:
        """Digests of shape (2, rows), as `Digester.rows` gives them, to blocks of shape (rows, 2)."""
        sealed = self._cipher.encryptor().update(np.ascontiguousarray(words.T).astype("<u8").tobytes())
        return np.frombuffer(sealed, "<u8").reshape(-1, 2)
