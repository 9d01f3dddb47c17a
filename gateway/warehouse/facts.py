"""What goes into a load, what comes out of it, and what is kept of it. Values only; no statement, no table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from gateway.ledger import Head
from gateway.records.totals import Counts, Totals


@dataclass(frozen=True, kw_only=True)
class OrderUse:
    """The rectification order (整改单) a batch comes under, and how many batches may come under it."""

    number: str
    uses: int


@dataclass(frozen=True, kw_only=True)
class BatchFacts:
    """What the verified manifest and the papers say of a batch, and when this centre accepted it.

    Attributes:
        digest: SHA-256 of the manifest in hex; the batch is known by it for ever.
        batch: `<feed>/<period>/r<revision>`.
        sender: the department.
        kind: data, nil or correction.
        previous: digest of the revision this one corrects; `None` for r1.
        sent: control totals of the payload.
        set_aside: problem rows the front-end kept back.
        landed_at, accepted_at: aware; `accepted_at` is what the receipt says.
        reason, by: why a correction was made, and the person or post that answers for it.
        released_by: the reviewer who signed the release; `None` where none was asked for.
        order: `None` outside a frozen year.
    """

    digest: str
    batch: str
    region: str
    feed: str
    period: str
    revision: int
    kind: str
    sender: str
    previous: str | None
    sent: Totals
    set_aside: int
    landed_at: datetime
    accepted_at: datetime
    reason: str | None = None
    by: str | None = None
    released_by: str | None = None
    order: OrderUse | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a load changed in what is believed; before + added + changed - replaced - removed = after, row and fen.

    Attributes:
        added: loaded rows of keys that were not there.
        changed: loaded rows that took the place of one with their key.
        replaced: those they took the place of, which are in the history now.
        removed: rows that went to the history without another in their place.
    """

    added: Totals
    changed: Totals
    replaced: Totals
    removed: Totals

    @property
    def net(self) -> tuple[int, Counts]:
        """Rows more (or fewer) than before, and for each money column its fen more (or less)."""
        gained, lost = self.added + self.changed, self.replaced + self.removed
        pairs = zip(gained.sums, lost.sums, strict=True)
        return gained.rows - lost.rows, tuple((name, more - less) for (name, more), (_, less) in pairs)


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What became of the rows of a payload; `counted` is `loaded` + `problem` + `duplicate`, in rows and in fen.

    Attributes:
        counted: counted in the payload as it came.
        loaded: read back from the tables after the load, from the history where the row orders a removal.
        problem: rows with no key, or with the key of an earlier row of this payload and other content.
        duplicate: rows that say what is so already: as earlier in this payload or in the revision before, or that a
            record be removed that is not there.
        effect: what the loaded rows, and the absence of others, changed.
    """

    counted: Totals
    loaded: Totals
    problem: Totals
    duplicate: Totals
    effect: Effect

    @property
    def balanced(self) -> bool:
        """Whether every row and every fen has gone somewhere."""
        return agree(self.counted, self.loaded + self.problem + self.duplicate)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the rows that have a key came to.

    Attributes:
        changed, replaced, removed: as in Effect.
        deletes: loaded rows that ordered a removal; they lie in the history, superseded by their own batch.
        content: digests of the loaded rows, see Content.
    """

    duplicate: Totals
    problem: Totals
    changed: Totals
    replaced: Totals
    removed: Totals
    deletes: Totals
    content: bytes

    def effect(self, loaded: Totals) -> Effect:
        """The whole effect, once it is known what was loaded."""
        added = less(loaded, self.changed + self.deletes)
        return Effect(added=added, changed=self.changed, replaced=self.replaced, removed=self.removed)


ReceiptMaker = Callable[[LoadResult, Head], bytes]
"""Called inside the transaction, after the ledger line `loaded` at this head; gives the signed receipt's DER bytes."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One batch this centre holds, as the freshness board needs it.

    Attributes:
        counted, loaded, problem, duplicate, effect: as in LoadResult.
        number: of the batch in the feed's tables.
        position, head: the ledger line of the load.
    """

    facts: BatchFacts
    number: int
    counted: Totals
    loaded: Totals
    problem: Totals
    duplicate: Totals
    effect: Effect
    position: int
    head: str

    @property
    def balanced(self) -> bool:
        """Whether sent = counted = loaded + problem + duplicate still holds of the stored figures."""
        whole = self.loaded + self.problem + self.duplicate
        return agree(self.facts.sent, self.counted) and agree(self.counted, whole)

    @property
    def problem_rows(self) -> int:
        """Problem rows of the front-end and of this centre together."""
        return self.facts.set_aside + self.problem.rows


def agree(left: Totals, right: Totals) -> bool:
    """Whether rows and sums are the same; how many amounts were unreadable at the source is no part of it."""
    return (left.rows, left.sums) == (right.rows, right.sums)


def encode_totals(totals: Totals) -> str:
    """Totals as stored: rows, then (column, fen) in the feed's order."""
    return json.dumps([totals.rows, *totals.sums], separators=(",", ":"))


@lru_cache(maxsize=1024)  # of a record's nine totals most are nothing, or the same: a county's history is read at once
def decode_totals(text: str) -> Totals:
    """Totals as stored, read back; nothing stored here was unreadable."""
    rows, *sums = json.loads(text)
    return Totals(rows=rows, sums=tuple((n, fen) for n, fen in sums), unreadable=tuple((n, 0) for n, _ in sums))


def less(whole: Totals, part: Totals) -> Totals:
    """What is left of `whole`; both over the same columns."""
    pairs = zip(whole.sums, part.sums, strict=True)
    return Totals(
        rows=whole.rows - part.rows,
        sums=tuple((name, fen - gone) for (name, fen), (_, gone) in pairs),
        unreadable=whole.unreadable,
    )
