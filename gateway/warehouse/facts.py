"""What goes into a load, what comes out of it, and what is kept of it. Values only; no statement, no table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.ledger import Head
from gateway.records.totals import Totals


@dataclass(frozen=True, kw_only=True)
class BatchFacts:
    """What the verified manifest says of a batch, and when this centre accepted it.

    Attributes:
        digest: SHA-256 of the manifest in hex; the batch is known by it for ever.
        batch: `<feed>/<period>/r<revision>`.
        sender: the department.
        kind: data, nil or correction.
        previous: digest of the revision this one corrects; `None` for r1.
        sent: control totals of the payload.
        set_aside: problem rows the front-end kept back.
        landed_at, accepted_at: aware; `accepted_at` is what the receipt says.
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


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What became of the rows of a payload; `counted` is `loaded` + `problem` + `duplicate`, in rows and in fen.

    Attributes:
        counted: counted in the payload as it came.
        loaded: read back from the table after the load.
        problem: rows with no key, or with the key of an earlier row of this payload and other content.
        duplicate: rows that are there already: earlier in this payload, or unchanged since the revision before.
        changed: how many of the loaded rows replaced one, which is now in the history.
    """

    counted: Totals
    loaded: Totals
    problem: Totals
    duplicate: Totals
    changed: int

    @property
    def balanced(self) -> bool:
        """Whether every row and every fen has gone somewhere."""
        return agree(self.counted, self.loaded + self.problem + self.duplicate)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the rows that have a key came to.

    Attributes:
        content: digests of the loaded ones, see Content.
    """

    duplicate: Totals
    problem: Totals
    changed: int
    content: bytes


ReceiptMaker = Callable[[LoadResult, Head], bytes]
"""Called inside the transaction, after the ledger line `loaded` at this head; gives the signed receipt's DER bytes."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One batch this centre holds, as the freshness board needs it.

    Attributes:
        counted, loaded, problem, duplicate: as in LoadResult.
        position, head: the ledger line of the load.
    """

    facts: BatchFacts
    counted: Totals
    loaded: Totals
    problem: Totals
    duplicate: Totals
    changed: int
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


def decode_totals(text: str) -> Totals:
    """Totals as stored, read back; nothing stored here was unreadable."""
    rows, *sums = json.loads(text)
    return Totals(rows=rows, sums=tuple((n, fen) for n, fen in sums), unreadable=tuple((n, 0) for n, _ in sums))
