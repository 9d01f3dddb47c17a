"""Keyed 128-bit digests of the key and of the content of every row, for finding repeated keys.

Each cell becomes 16-bit characters s0, s1, ... (s0.. its length + 1, or 0 for null); a digest is twice
sum(m_i * s_i) mod 2**64 with secret random m_i of its own for each column and place: a multilinear universal hash
(Carter and Wegman 1979; Lemire and Kaser 2014, section 3). Two different rows differ in some character by less than
2**16, so each half agrees with probability at most 2**-49, both with at most 2**-98. Over n rows all pairs together:
n**2 / 2 * 2**-98, which is 2**-54 for five million rows.

Keyed, because an 18-digit number can be enumerated: with a known hash whoever sees the index could list the people
in it, and whoever writes the source could make collisions. The key is fresh for each run and stays in memory.
Texts over 256 bytes go through keyed BLAKE2b first (RFC 7693), which is stronger than the bound above.

This module must never write a digest anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.buffers import content, fixed, spans
from gateway.records.reading import to_mask
from gateway.records.types import Column, FieldType

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

SALT_BYTES = 16
_LONGEST = 256
_QUARTERS = tuple(np.uint64(shift) for shift in (0, 16, 32, 48))
_BLOCK = 8192  # rows whose words stay in the processor's cache
_LOW = np.uint64(0xFFFF)
_KEEP = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)  # the first n bytes of a little-endian word


@dataclass(frozen=True, kw_only=True)
class RowDigests:
    """Shape (2, rows) each: of the key columns, and of all the others."""

    key: Words
    content: Words


class Digester:
    """Digests rows of one feed's checked columns under one secret.

    Args:
        columns: the feed's columns, in order.
        key: names of the key columns.
        salt: at least 16 secret random bytes, fresh for each run.
    """

    def __init__(self, columns: Sequence[Column], key: Sequence[str], salt: bytes) -> None:
        if len(salt) < SALT_BYTES:
            raise ValueError(f"the salt of a run has at least {SALT_BYTES} bytes")
        self._columns = tuple(columns)
        self._key = frozenset(key)
        self._salt = hashlib.sha256(salt).digest()

    def rows(self, values: Sequence[pa.Array], count: int) -> RowDigests:
        """Digests of `count` rows given column by column in target types; null is a value of its own."""
        digests = RowDigests(key=np.zeros((2, count), np.uint64), content=np.zeros((2, count), np.uint64))
        for place, (array, column) in enumerate(zip(values, self._columns, strict=True)):
            into = digests.key if column.name in self._key else digests.content
            self._add_column(into, self._comparable(array, column), place)
        return digests

    def _comparable(self, array: pa.Array, column: Column) -> pa.Array:
        """As keys, 11010519491231002x and ...X are one number; the stored text stays as it came."""
        folds = column.type is FieldType.ID_NUMBER and column.name in self._key
        return pc.ascii_upper(array) if folds else array

    def _add_column(self, into: Words, array: pa.Array, place: int) -> None:
        coefficients = _coefficients(self._salt, place)
        if not pa.types.is_string(array.type):
            for at, word in enumerate([_presence(array), *_fixed_words(array)]):
                _add(into, word, coefficients[at])
            return
        start, length = spans(array)
        _add(into, (length + to_mask(array.is_valid())).astype(np.uint64), coefficients[0])
        self._add_short(into, array, start, np.where(length <= _LONGEST, length, 0), coefficients)
        self._add_long(into, array, np.flatnonzero(length > _LONGEST), coefficients)

    def _add_short(self, into: Words, array: pa.Array, start: Places, length: Places, coefficients: Words) -> None:
        # Eight bytes at a time, at any address: a view of 8-byte words that overlap, one for each byte.
        data = np.concatenate([content(array), np.zeros(8, np.uint8)])
        words = np.ndarray((len(data) - 7,), "<u8", buffer=data, strides=(1,))
        for at in range(-(-int(length.max(initial=0)) // 8)):
            rows = np.flatnonzero(length > 8 * at)
            word = words[start[rows] + 8 * at] & _KEEP[np.minimum(length[rows] - 8 * at, 8)]
            _add_at(into, rows, word, coefficients[at + 1])

    def _add_long(self, into: Words, array: pa.Array, rows: Places, coefficients: Words) -> None:
        if not len(rows):
            return
        cells = array.take(pa.array(rows)).to_pylist()
        short = [hashlib.blake2b(cell.encode(), key=self._salt, digest_size=16).digest() for cell in cells]
        for at, word in enumerate(np.frombuffer(b"".join(short), "<u8").reshape(-1, 2).T, start=1):
            _add_at(into, rows, word, coefficients[at])


def _coefficients(salt: bytes, place: int) -> Words:
    """Secret coefficients of one column, shape (words, quarters, halves): length, then 256 bytes of content."""
    stream = hashlib.shake_256(salt + place.to_bytes(4, "big"))
    words = 1 + _LONGEST // 8
    return np.frombuffer(stream.digest(words * 64), "<u8").reshape(words, 4, 2)


def _add_at(into: Words, rows: Places, word: Words, coefficients: Words) -> None:
    if len(rows) == into.shape[1]:
        _add(into, word, coefficients)
        return
    part = np.zeros((2, len(rows)), np.uint64)
    _add(part, word, coefficients)
    into[:, rows] += part


def _add(into: Words, word: Words, coefficients: Words) -> None:
    """Add one 64-bit word of every row, as four characters, to both halves of the digests."""
    for begin in range(0, len(word), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        for quarter, shift in enumerate(_QUARTERS):
            character = (word[block] >> shift) & _LOW
            into[0, block] += character * coefficients[quarter, 0]
            into[1, block] += character * coefficients[quarter, 1]


def _presence(array: pa.Array) -> Words:
    return to_mask(array.is_valid()).astype(np.uint64)


def _fixed_words(array: pa.Array) -> list[Words]:
    """A fixed-width column as 64-bit words, 0 where null."""
    present = _presence(array)
    if pa.types.is_decimal128(array.type):
        both = fixed(array, "<u8,<u8")
        return [both["f0"] * present, both["f1"] * present]
    if pa.types.is_boolean(array.type):
        return [to_mask(array).astype(np.uint64)]
    width = "int32" if pa.types.is_date32(array.type) else "int64"
    return [fixed(array, width).astype(np.int64).view(np.uint64) * present]
