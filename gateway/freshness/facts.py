"""What a node knows of each feed and period: receipts, and attempts that did not balance.

Owns the shape in which `app` hands over what the ledger and the warehouse hold. It must never judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.calendar import Period
from gateway.envelope.manifest import Kind


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One revision with a receipt. A receipt exists only for a committed load whose totals agree, so it is balanced.

    Attributes:
        batch: its id, `<feed>/<period>/r<revision>`.
        kind: what it is; a nil return states that there is nothing.
        landed_at: when the data reached the front-end machine (signed in the manifest); aware.
        accepted_at: when the centre committed the load (signed in the receipt); aware. Known from then on.
        rows: of a snapshot, the rows of the payload as the centre counted them: they are the whole period. Of an
            increment, by how many rows this portion changed what the centre holds: added less removed.
        amount: the same of the sum of the feed's `amount` field, in fen; None where the feed has none.
        problem_rows: rows set aside at the front-end and at the centre.
    """

    feed: str
    period: Period
    revision: int
    batch: str
    kind: Kind
    landed_at: datetime
    accepted_at: datetime
    rows: int
    amount: int | None
    problem_rows: int


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """An attempt whose declared and counted totals differ; nothing of it was sent, or nothing of it was loaded.

    `at` (aware): when this node found it out.
    """

    feed: str
    period: Period
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Held:
    """A batch that waited for a reviewer from `since` on, up to `until` (both aware); None: it still does."""

    feed: str
    period: Period
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is known, in any order, or all of one feed and period."""

    deliveries: tuple[Delivery, ...] = ()
    imbalances: tuple[Imbalance, ...] = ()
    held: tuple[Held, ...] = ()

    def known_at(self, at: datetime) -> Self:
        """Without what became known only after `at`: a board for a past moment never uses hindsight."""
        return type(self)(
            deliveries=tuple(one for one in self.deliveries if one.accepted_at <= at),
            imbalances=tuple(one for one in self.imbalances if one.at <= at),
            held=tuple(one for one in self.held if one.since <= at and (one.until is None or at < one.until)),
        )
