"""Followed: the problem rows of the revision before, looked for among all rows of the next one while it is read.

A record is *cured* only where there is evidence for it: its key is among the good rows and not among the bad ones. A
row whose key could not be read is known again by its cells where nothing was done about it, else by its place; a place
says nothing once rows have moved. Memory is bounded by the revision before. Must never hold a value in clear, nor loop
over good rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.problems.marks import Marker, Marks
from gateway.records.check import Checked
from gateway.records.digests import Words
from gateway.records.reading import Mask
from gateway.records.types import POSITION

Places = npt.NDArray[np.int64]
NOWHERE = -1


class Cure(StrEnum):
    """What became of a problem row."""

    CURED = "cured"
    REMAINING = "remaining"
    GONE = "gone"


class By(StrEnum):
    """What a record was known again by."""

    KEY = "key"
    CONTENT = "content"
    POSITION = "position"


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of one problem row of the revision before.

    Attributes:
        by: what tells so.
        now: where it stands in the source now; None where it is gone, or was found among the good rows by its key.
    """

    state: Cure
    by: By
    now: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of all problem rows of the revision before, counted."""

    revision: int
    cured: int
    remaining: int
    gone: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.cured + self.remaining + self.gone


class Followed:
    """Give it every batch with `meet`; `fates` then says what became of each row.

    Args:
        marks: the rows. marker: under the key of their book; None where nothing but their places can be compared.
    """

    def __init__(self, marks: Marks, marker: Marker | None) -> None:
        self._marks, self._marker = marks, marker
        self._keys, self._contents = _Index(marks.key, marks.keyed), _Index(marks.content, marks.told & ~marks.keyed)
        self._places = pa.array(marks.positions, pa.utf8())
        self._good, self._good_here, self._unkeyed_here, self._bad_here = np.zeros((4, len(marks.positions)), np.bool_)
        self._now: dict[int, Fate] = {}
        self._moved = False

    def meet(self, batch: pa.RecordBatch, checked: Checked) -> None:
        """Look for the rows in one batch."""
        places, bad = batch.column(POSITION), checked.aside
        at = pc.index_in(places, value_set=self._places).fill_null(NOWHERE).to_numpy()
        self._good_here[at[(at != NOWHERE) & ~bad]] = True
        if self._marker is not None and self._marks.keyed.any():
            self._meet_good(self._keys.find(self._marker.keys(checked.good)), places.filter(pa.array(~bad)))
        if bad.any():
            self._meet_bad(batch.filter(pa.array(bad)), at[bad])

    def fates(self) -> Iterator[Fate]:
        """What became of each row, in their order; to be asked once the source was read to its end."""
        for row, keyed in enumerate(self._marks.keyed):
            yield self._now.get(row) or (self._fate_by_key(row) if keyed else self._fate_by_place(row))

    def outcome(self, revision: int) -> Outcome:
        """The same, counted."""
        counts = Counter(fate.state for fate in self.fates())
        return Outcome(
            revision=revision, cured=counts[Cure.CURED], remaining=counts[Cure.REMAINING], gone=counts[Cure.GONE]
        )

    def _fate_by_key(self, row: int) -> Fate:
        if self._good[row]:
            return Fate(state=Cure.CURED, by=By.KEY)
        if self._unkeyed_here[row] and not self._moved:  # its key may have been spoilt since
            return Fate(state=Cure.REMAINING, by=By.POSITION, now=self._marks.positions[row])
        return Fate(state=Cure.GONE, by=By.KEY)

    def _fate_by_place(self, row: int) -> Fate:
        if self._moved or not (self._bad_here[row] or self._good_here[row]):
            return Fate(state=Cure.GONE, by=By.POSITION)
        state = Cure.REMAINING if self._bad_here[row] else Cure.CURED
        return Fate(state=state, by=By.POSITION, now=self._marks.positions[row])

    def _meet_good(self, found: Places, places: pa.Array) -> None:
        hits = np.flatnonzero(found != NOWHERE)
        for one, position in zip(found[hits], places.take(pa.array(hits)).to_pylist(), strict=True):
            for row in self._keys.rows(one):
                self._good[row] = True
                self._moved |= position != self._marks.positions[row]

    def _meet_bad(self, aside: pa.RecordBatch, at: Places) -> None:
        marks = self._marker.marks(aside) if self._marker else Marks.places(aside.column(POSITION).to_pylist())
        keys = np.where(marks.keyed, self._keys.find(marks.key), NOWHERE)
        contents = np.where(marks.told & ~marks.keyed, self._contents.find(marks.content), NOWHERE)
        for found, index, by in ((keys, self._keys, By.KEY), (contents, self._contents, By.CONTENT)):
            for one in np.flatnonzero(found != NOWHERE):
                self._note(index.rows(found[one]), Fate(state=Cure.REMAINING, by=by, now=marks.positions[one]))
        unknown = (keys == NOWHERE) & (contents == NOWHERE) & (at != NOWHERE)
        self._bad_here[at[unknown]] = True
        self._unkeyed_here[at[unknown & ~marks.keyed]] = True

    def _note(self, rows: Places, fate: Fate) -> None:
        for row in rows.tolist():
            if row not in self._now:
                self._now[row] = fate
                self._moved |= fate.now != self._marks.positions[row]


class _Index:
    """Rows by digest; several may share one. The first of its two words finds it, both have to agree."""

    def __init__(self, digests: Words, among: Mask) -> None:
        self._digests, inverse = np.unique(digests[among], axis=0, return_inverse=True)
        self._first = np.ascontiguousarray(self._digests[:, 0])
        order = np.argsort(inverse.reshape(-1), kind="stable")
        self._rows = np.flatnonzero(among)[order]
        self._starts = np.searchsorted(inverse.reshape(-1)[order], np.arange(len(self._first) + 1))

    def find(self, digests: Words) -> Places:
        """For each its number here, or NOWHERE."""
        if not len(self._first):
            return np.full(len(digests), NOWHERE)
        at = np.minimum(np.searchsorted(self._first, digests[:, 0]), len(self._first) - 1)
        return np.where((self._digests[at] == digests).all(axis=1), at, NOWHERE)

    def rows(self, number: int) -> Places:
        """The rows of one digest."""
        return self._rows[self._starts[number] : self._starts[number + 1]]
