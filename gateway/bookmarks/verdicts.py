"""Verdicts: what became of rows as the source shows them now, by the digests of what was delivered. Must never guess:
a row of which a later batch holds another state, or that was changed since, has no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.bookmarks.rows import ROW, RowDigester, Rows
from gateway.records.types import Column

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Which rows of a batch a bookmark knows (by their place), which of those are unchanged, and their verdicts."""

    known: Mask
    same: Mask
    verdict: npt.NDArray[np.uint16]


class KnownRows:
    """The digests of one sealed batch, to be looked up."""

    def __init__(self, rows: Rows, digester: RowDigester) -> None:
        self._rows = rows[np.argsort(rows["place"][:, 0], kind="stable")]
        self._digester = digester

    def find(self, batch: pa.RecordBatch) -> Found:
        """Look up every row. Two rows of one place in a batch cannot be told apart and are not the same as any."""
        asked = self._digester.rows(batch)
        if not len(self._rows):
            nothing = np.zeros(len(asked), np.bool_)
            return Found(known=nothing, same=nothing, verdict=np.zeros(len(asked), np.uint16))
        places = self._rows["place"][:, 0]
        at = np.searchsorted(places, asked["place"][:, 0])
        after = np.searchsorted(places, asked["place"][:, 0], side="right")
        hit = self._rows[np.minimum(at, len(places) - 1)]
        known = after > at
        once = (after - at == 1) & (hit["place"] == asked["place"]).all(axis=1)
        same = known & once & (hit["content"] == asked["content"]).all(axis=1)
        return Found(known=known, same=same, verdict=hit["verdict"])


@dataclass(frozen=True, kw_only=True)
class BatchVerdicts:
    """The verdicts of one delivered batch (`adapters.contract.Verdicts`).

    Attributes:
        rows: its digests. reasons: in Chinese, as its bookmark has them.
        later: the digests of every batch sealed after it, whether it has arrived or not: what the centre holds of
            such a row, or is about to, is that later state.
    """

    rows: KnownRows
    reasons: tuple[str, ...]
    later: Sequence[KnownRows]

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        """See `adapters.contract.Verdicts`."""
        found = self.rows.find(batch)
        settled = found.same
        for other in self.later:
            settled = settled & ~other.find(batch).known
        words = pa.array(["", *self.reasons], pa.utf8())
        return words.take(pa.array(np.where(settled, found.verdict, 0), mask=~settled))


def read_rows(content: bytes) -> Rows:
    """A file's rows."""
    return np.frombuffer(content, ROW)


def known_rows(rows: Rows, columns: Sequence[Column], secret: bytes, salt: bytes) -> KnownRows:
    """The rows of one batch, to be looked up."""
    return KnownRows(rows, RowDigester(columns, secret, salt))
