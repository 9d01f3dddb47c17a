"""Marks: which record a problem row is, without a value of it, so that a later revision can say what became of it.

A row is marked by its place in the source and by two digests: of its key, where the key can be read, and of all its
cells as the source gave them, where it gave any. The digests are keyed (`gateway.records.permutation`) with the site's
secret and a salt of each book: nobody without the secret can try a number out on them, and two books show nothing in
common. Must never hold or write a value in clear.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.catalogue import Feed
from gateway.records.digests import Digester, RowDigests, Words
from gateway.records.permutation import Permutation
from gateway.records.readers import read
from gateway.records.reading import Mask, to_mask
from gateway.records.types import FAULT, POSITION

SECRET_BYTES, SALT_BYTES, DIGEST_BYTES = 32, 16, 16
_PERSON = b"yizhan problems"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One problem row: its place in the source, and the digests there are."""

    position: str
    key: bytes | None
    content: bytes | None


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Rows side by side; shapes (rows, 2) for digests, (rows,) for the rest.

    Attributes:
        keyed, told: which rows have a digest of their key, of their cells; the others' are meaningless.
    """

    positions: tuple[str, ...]
    key: Words
    keyed: Mask
    content: Words
    told: Mask

    @classmethod
    def of(cls, rows: Iterable[Mark]) -> Marks:
        """From rows one by one."""
        rows = tuple(rows)
        return cls(
            positions=tuple(row.position for row in rows),
            key=_words(row.key for row in rows),
            keyed=np.array([row.key is not None for row in rows], np.bool_),
            content=_words(row.content for row in rows),
            told=np.array([row.content is not None for row in rows], np.bool_),
        )

    @classmethod
    def places(cls, positions: Iterable[str]) -> Marks:
        """Rows of which nothing but their places is known."""
        return cls.of(Mark(position=position, key=None, content=None) for position in positions)

    def rows(self) -> Iterator[Mark]:
        """One by one."""
        for at, position in enumerate(self.positions):
            yield Mark(
                position=position,
                key=self.key[at].tobytes() if self.keyed[at] else None,
                content=self.content[at].tobytes() if self.told[at] else None,
            )


class Marker:
    """Marks the rows of one feed under the key of one book.

    Args:
        secret: the site's. salt: of the book.
    """

    def __init__(self, feed: Feed, secret: bytes, salt: bytes) -> None:
        seed = hashlib.blake2b(salt, key=secret, person=_PERSON, digest_size=64).digest()
        self._key = tuple(field for field in feed.fields if field.name in feed.key)
        self._keys = Digester(self._key, feed.key, seed[32:48])
        self._fields = feed.fields
        self._contents = Digester(feed.fields, (), seed[48:])
        self._permutation = Permutation(seed[:32])

    def marks(self, aside: pa.RecordBatch) -> Marks:
        """Of rows that the checks set aside, as the adapter gave them."""
        readings = [read(aside.column(field.name), field) for field in self._key]
        unread = to_mask(aside.column(FAULT).is_valid())
        keyed = ~unread if self._key else np.zeros_like(unread)
        for reading in readings:
            keyed &= ~(reading.bad | reading.missing)
        cells = [pc.cast(aside.column(field.name), pa.utf8()) for field in self._fields]
        return Marks(
            positions=tuple(aside.column(POSITION).to_pylist()),
            key=self._digested([reading.values for reading in readings], aside.num_rows),
            keyed=keyed,
            content=self._permutation.of(self._contents.rows(cells, aside.num_rows).content),
            told=~unread,
        )

    def keys(self, good: pa.RecordBatch) -> Words:
        """Digests of the keys of rows that passed, shape (rows, 2)."""
        return self._digested([good.column(field.name) for field in self._key], good.num_rows)

    def _digested(self, values: Sequence[pa.Array], count: int) -> Words:
        digests: RowDigests = self._keys.rows(values, count)
        return self._permutation.of(digests.key)


def basis(feed: Feed, secret: bytes) -> str:
    """What two books must share for their keys to be comparable: the secret, and which fields of which types they are.

    It tells neither: 16 bytes of a keyed hash of the key's fields, in hex.
    """
    fields = [[field.name, field.type.value, str(field.arrow)] for field in feed.fields if field.name in feed.key]
    said = json.dumps([feed.id, fields]).encode()
    return hashlib.blake2b(said, key=secret, person=_PERSON, digest_size=DIGEST_BYTES).hexdigest()


def _words(digests: Iterable[bytes | None]) -> Words:
    return np.frombuffer(b"".join(one or bytes(DIGEST_BYTES) for one in digests), np.uint64).reshape(-1, 2)
