"""Keyed digests of key columns, whole columns at a time: what the index holds instead of people's numbers.

Each text becomes 16-bit characters s0 (its length + 1), s1, ...; a digest is twice sum(m_i * s_i) mod 2**64 with secret
random m_i of its own for each column and place: a multilinear universal hash (Lemire and Kaser 2014, section 3). Two
different keys agree in each half with probability at most 2**-49. Keyed, because a number of 18 digits can be guessed:
the key is fresh for each reading and stays in memory.

Must never write a digest anywhere, nor change a value: what is folded is folded for comparing alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_WORDS = 32  # of 8 bytes: a longer key is not one, and matches nothing
_LOW = np.uint64(0xFFFF)
_SHIFTS = tuple(np.uint64(shift) for shift in (0, 16, 32, 48))
_KEEP = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)  # the first n bytes of a little-endian word


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Digests of shape (2, rows); `whole` where every part of the key is there and none is empty."""

    digests: Words
    whole: Mask

    @property
    def short(self) -> Words:
        """One word a key, for finding suspects; 0 where the key is not whole, and never else."""
        return np.where(self.whole, self.digests[0] | np.uint64(1), np.uint64(0))


class Digester:
    """Digests under one secret.

    Args:
        salt: at least 16 secret random bytes, fresh for each reading.
    """

    def __init__(self, salt: bytes) -> None:
        if len(salt) < 16:
            raise ValueError("the salt of a reading has at least 16 bytes")
        self._salt = hashlib.sha256(salt).digest()

    def keys(self, columns: Sequence[pa.Array], padded: Sequence[bool] = ()) -> Keys:
        """Digests of rows by their texts in `columns`, upper and lower case alike.

        Args:
            padded: for each column whether zeros before the rest do not matter; none when not given.
        """
        count = len(columns[0])
        digests, whole = np.zeros((2, count), np.uint64), np.ones(count, np.bool_)
        for place, column in enumerate(columns):
            text = pc.ascii_upper(column.cast(pa.utf8()))
            whole &= np.asarray(pc.fill_null(pc.not_equal(text, ""), False))
            text = pc.utf8_ltrim(text, "0") if padded and padded[place] else text
            start, length = _spans(text)
            whole &= length <= 8 * _WORDS
            self._add(digests, text, start, np.where(whole, length, 0), place)
        return Keys(digests=digests, whole=whole)

    def _add(self, into: Words, text: pa.Array, start: Words, length: Words, place: int) -> None:
        stream = hashlib.shake_256(self._salt + place.to_bytes(4, "big"))
        secret = np.frombuffer(stream.digest((_WORDS + 1) * 64), "<u8").reshape(_WORDS + 1, 4, 2)
        everywhere = np.arange(into.shape[1])
        _mix(into, everywhere, length.astype(np.uint64) + np.uint64(1), secret[0])
        data = np.concatenate([_content(text), np.zeros(8, np.uint8)])
        words = np.ndarray((len(data) - 7,), "<u8", buffer=data, strides=(1,))  # one at each byte: they overlap
        for at in range(-(-int(length.max(initial=0)) // 8)):
            rows = np.flatnonzero(length > 8 * at)
            word = words[start[rows] + 8 * at] & _KEEP[np.minimum(length[rows] - 8 * at, 8)]
            _mix(into, rows, word, secret[at + 1])


def _mix(into: Words, rows: npt.NDArray[np.int64], word: Words, secret: Words) -> None:
    for quarter, shift in enumerate(_SHIFTS):
        character = (word >> shift) & _LOW
        for half in (0, 1):
            into[half, rows] += character * secret[quarter, half]


def _spans(text: pa.StringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Start and length in bytes of every cell."""
    offsets = text.buffers()[1]
    if not len(text) or offsets is None:
        return np.zeros(len(text), np.int64), np.zeros(len(text), np.int64)
    at = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return at[:-1], np.diff(at)


def _content(text: pa.StringArray) -> npt.NDArray[np.uint8]:
    buffer = text.buffers()[2]
    return np.zeros(0, np.uint8) if buffer is None else np.frombuffer(buffer, np.uint8)
