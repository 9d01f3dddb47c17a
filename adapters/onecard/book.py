"""What is written down of each entry while the roster goes by: its figures at once, and enough to find suspects.

Owns the memory that grows with the roster: 35 bytes for each entry. Must never hold anything of a person
but keyed digests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Request
from adapters.onecard.growing import Growing
from adapters.onecard.keys import Words
from adapters.onecard.positions import Positions
from adapters.onecard.reconcile import Entries, Line, Reconciliation, TooManyLines, Verdict, suspects
from gateway.errors import LimitExceeded

MAX_LINES = 1_000
"""Pairs of document number and batch in one reading: as many as a manifest can state."""

UNSTATED = "-"
_LONGEST = 64
_BETWEEN = "\x1f"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Entries of the roster that could be read.

    Attributes:
        documents, batches: their texts. claims: who is paid for what. entries: each one's own digest.
        originals: the digest of the entry that each pays again; 0 where it is no re-issue.
    """

    positions: pa.Array
    documents: pa.Array
    batches: pa.Array
    fen: npt.NDArray[np.int64]
    verdict: Verdict
    claims: Words
    entries: Words
    originals: Words


@dataclass(kw_only=True)
class Book:
    """Takes blocks in order; `suspected` closes it."""

    request: Request
    reconciliation: Reconciliation = field(default_factory=lambda: Reconciliation(MAX_LINES))
    _positions: Positions = field(default_factory=Positions, repr=False)
    _line: Growing[np.int16] = field(default_factory=lambda: Growing(np.int16), repr=False)
    _fen: Growing[np.int64] = field(default_factory=lambda: Growing(np.int64), repr=False)
    _claims: Growing[np.uint64] = field(default_factory=lambda: Growing(np.uint64), repr=False)
    _owners: Growing[np.uint64] = field(default_factory=lambda: Growing(np.uint64), repr=False)
    _paid: Growing[np.bool_] = field(default_factory=lambda: Growing(np.bool_), repr=False)

    def enter(self, block: Block) -> None:
        """Raises: LimitExceeded: too many document numbers and batches."""
        reissues = (block.originals != 0) & (block.originals != block.entries)
        numbers = self._numbers(block.documents, block.batches)
        self.reconciliation.enter(numbers, block.fen, block.verdict, reissues)
        self._positions.add(block.positions)
        self._line.extend(numbers)
        self._fen.extend(block.fen)
        self._claims.extend(np.where(reissues, np.uint64(0), block.claims))
        self._owners.extend(np.where(reissues, block.originals, block.entries))
        self._paid.extend(block.verdict.paid)

    def declare(self, document: str | None, batch: str | None, people: int, fen: int) -> None:
        """What the fiscal batch says of itself. Raises: LimitExceeded; ValueError: it has said something before."""
        try:
            self.reconciliation.declare((_fit(document or ""), _fit(batch or "")), people, fen)
        except TooManyLines:
            raise self._too_many() from None

    def suspected(self) -> pa.Array:
        """Positions of the entries that may pay somebody twice, which are in the figures afterwards."""
        entries = Entries(claims=self._claims.whole, owners=self._owners.whole, paid=self._paid.whole)
        found = np.flatnonzero(suspects(entries))
        self.reconciliation.suspect(self._line.whole[found].astype(np.int64), self._fen.whole[found])
        return self._positions.take(found)

    def _numbers(self, documents: pa.Array, batches: pa.Array) -> npt.NDArray[np.int64]:
        both = [pc.fill_null(documents, ""), pc.fill_null(batches, "")]
        pairs = pc.binary_join_element_wise(*both, _BETWEEN).dictionary_encode()
        try:
            known = [self.reconciliation.number(_line(pair)) for pair in pairs.dictionary.to_pylist()]
        except TooManyLines:
            raise self._too_many() from None
        return np.array([*known, 0], np.int64)[pairs.indices.to_numpy()]

    def _too_many(self) -> LimitExceeded:
        zh, en = f"资金文号和批次超过 {MAX_LINES} 个", f"more than {MAX_LINES} document numbers and batches"
        return LimitExceeded(feed=self.request.feed, limit_zh=zh, limit_en=en)


def _line(pair: str) -> Line:
    document, _, batch = pair.partition(_BETWEEN)
    return _fit(document), _fit(batch)


def _fit(text: str) -> str:
    """As a manifest can state it; a text that nobody could read there as it is written counts as not stated."""
    return text if 0 < len(text) <= _LONGEST and text.isprintable() and text == text.strip() else UNSTATED
