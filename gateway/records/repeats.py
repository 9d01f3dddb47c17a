"""Finding rows that repeat a key with other content, over a whole feed, in 32 bytes a distinct key.

Owns the index: digests of the rows let through so far, as sorted runs that are merged when they are of like size
(O'Neil et al. 1996), so that a feed of n batches keeps few runs and each row is merged a few times. Nothing of it
outlives the run. The answer depends on the order of the rows and never on how they were cut into batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.records.digests import Places, RowDigests, Words
from gateway.records.reading import Mask

RUN_ROWS = 1 << 18
"""A run is not merged beyond this, so that merging never needs more than some 15 MB besides the index itself."""


class KeyIndex:
    """Keys seen so far, each with the content of the first good row that had it."""

    def __init__(self) -> None:
        self._runs: list[Words] = []  # each of shape (4, rows), sorted by its first line; two of key, two of content

    @property
    def nbytes(self) -> int:
        return sum(run.nbytes for run in self._runs)

    def admit(self, rows: RowDigests, good: Mask, keyed: Mask) -> Mask:
        """Which rows repeat the key of an earlier good row with other content; the first good ones are remembered.

        Args:
            rows: digests of the rows in source order.
            good: rows that passed every other check; only these become known, and only they can equal a known one.
            keyed: rows whose key could be read.
        """
        places = np.flatnonzero(keyed)
        places = places[_by_key(rows.key[:, places])]
        if not len(places):
            return np.zeros(len(good), np.bool_)
        groups = _Groups.of(rows.key[:, places], places, good[places])
        known, found = self._find(rows.key[:, groups.heads])
        reference = np.where(found, known, rows.content[:, groups.first_or_head])
        later = found[groups.of_row] | (places > groups.first[groups.of_row])
        other = (rows.content[:, places] != reference[:, groups.of_row]).any(axis=0) | ~good[places]
        self._remember(rows, groups.first[~found & groups.has_first])
        repeated = np.zeros(len(good), np.bool_)
        repeated[places] = later & other
        return repeated

    def _find(self, keys: Words) -> tuple[Words, Mask]:
        """Content of the known ones among sorted keys, shape (2, keys), and which those are."""
        content, found = np.zeros_like(keys), np.zeros(keys.shape[1], np.bool_)
        for run in self._runs:
            at = _position(run, keys)
            hits = np.flatnonzero(at < run.shape[1])
            hits = hits[(run[:2, at[hits]] == keys[:, hits]).all(axis=0)]
            content[:, hits] = run[2:, at[hits]]
            found[hits] = True
        return content, found

    def _remember(self, rows: RowDigests, places: Places) -> None:
        if not len(places):
            return
        self._runs.append(np.concatenate([rows.key[:, places], rows.content[:, places]]))
        while len(self._runs) > 1 and _worth_merging(*self._runs[-2:]):
            right, left = self._runs.pop(), self._runs.pop()
            self._runs.append(_merged(left, right))


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """Rows of equal key, over rows sorted by key.

    Attributes:
        heads: a place of each group, for its key.
        first: the place of the group's first good row; past every place when it has none.
        has_first: whether it has one.
        of_row: the group of each sorted row.
    """

    heads: Places
    first: Places
    has_first: Mask
    of_row: Places

    @property
    def first_or_head(self) -> Places:
        return np.where(self.has_first, self.first, self.heads)

    @classmethod
    def of(cls, keys: Words, places: Places, good: Mask) -> _Groups:
        starts = np.r_[True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)]
        nowhere = np.iinfo(np.int64).max
        first = np.minimum.reduceat(np.where(good, places, nowhere), np.flatnonzero(starts))
        return cls(heads=places[starts], first=first, has_first=first != nowhere, of_row=np.cumsum(starts) - 1)


def _by_key(keys: Words) -> Places:
    """An order that brings equal keys together; one word does it, but for two keys that share their first word."""
    order = np.argsort(keys[0])
    first, second = keys[0, order], keys[1, order]
    shared = (first[1:] == first[:-1]) & (second[1:] != second[:-1])
    return np.lexsort((keys[1], keys[0])) if shared.any() else order


def _position(run: Words, keys: Words) -> Places:
    """Where each key may stand in a run: found by its first word, then past other keys that share that word."""
    at = np.searchsorted(run[0], keys[0])
    while True:
        inside = np.flatnonzero(at < run.shape[1])
        passed = inside[(run[0, at[inside]] == keys[0, inside]) & (run[1, at[inside]] != keys[1, inside])]
        if not len(passed):
            return at
        at[passed] += 1


def _worth_merging(left: Words, right: Words) -> bool:
    return left.shape[1] <= 2 * right.shape[1] and left.shape[1] + right.shape[1] <= RUN_ROWS


def _merged(left: Words, right: Words) -> Words:
    # The stable sort finds the two runs and merges them, which is linear.
    order = np.argsort(np.concatenate([left[0], right[0]]), kind="stable")
    merged = np.empty((len(left), len(order)), left.dtype)
    for into, first, second in zip(merged, left, right, strict=True):
        np.take(np.concatenate([first, second]), order, out=into, mode="clip")  # "raise" would copy `into` once more
    return merged
