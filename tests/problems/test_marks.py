"""Marks say nothing to whoever has not the secret, and nothing that could be reckoned with."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.catalogue.tree import Field
from gateway.problems.marks import Marker, basis
from gateway.records.digests import Digester, Words
from gateway.records.types import FAULT, POSITION, FieldType
from tests.problems.shop import feed

SECRET, OTHER, SALT = bytes(range(32)), bytes(32), bytes(16)
CODES = feed(fields=(Field(name="code", title="代码", type=FieldType.CODE, required=True),), key=("code",))
SQUARE = pa.array(["11", "12", "21", "22"])


def marked(secret: bytes, salt: bytes) -> list[bytes]:
    """Every digest of four rows that were set aside, and of four that passed."""
    marker = Marker(CODES, secret, salt)
    places = pa.array(["1", "2", "3", "4"])
    marks = marker.marks(pa.record_batch([places, pa.nulls(4, pa.utf8()), SQUARE], names=[POSITION, FAULT, "code"]))
    assert (marks.keyed.all(), marks.told.all()) == (True, True)
    good = marker.keys(pa.record_batch([SQUARE], names=["code"]))
    assert (good == marks.key).all()
    return [digest.tobytes() for digest in (*marks.key, *marks.content)]


def test_without_the_secret_the_salt_in_the_file_is_of_no_use() -> None:
    all_of_them = [*marked(SECRET, SALT), *marked(OTHER, SALT), *marked(SECRET, SECRET[:16])]
    assert marked(SECRET, SALT) == all_of_them[:8]
    assert len(set(all_of_them)) == 24
    assert basis(CODES, SECRET) != basis(CODES, OTHER)


def test_digests_cannot_be_added_and_subtracted() -> None:
    """A multilinear digest is a sum over the key's characters: from three of a square follows the fourth."""

    def is_square(digests: Words) -> bool:
        first, second, third, fourth = digests.T if len(digests) == 2 else digests
        return bool(((first - second) == (third - fourth)).all())

    assert is_square(Digester(CODES.fields, CODES.key, SALT).rows([SQUARE], 4).key)
    seen = [np.frombuffer(digest, np.uint64) for digest in marked(SECRET, SALT)]
    for digests in (np.array(seen[:4]), np.array(seen[4:])):
        assert not is_square(digests)
