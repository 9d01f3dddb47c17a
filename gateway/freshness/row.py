"""One line of the board: a feed, a period, and where it stands.

Owns the words of the contract (`yizhan status --json`). It must never compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.calendar import Period


class State(StrEnum):
    """Where a period of a feed stands. Readers of the board must take a word they do not know (more will come)."""

    NOT_DUE = "not_due"
    """Nothing has come and nothing is pressing: the period still runs, or its due is more than five days away."""
    DUE_SOON = "due_soon"
    """The period has ended, nothing has come, and the due is at most five days away."""
    OVERDUE = "overdue"
    """The due has passed and nothing has come."""
    ON_TIME = "on_time"
    """The first accepted revision came in time."""
    LATE = "late"
    """The first accepted revision came after the due."""
    NIL_ON_TIME = "nil_on_time"
    """As `on_time`, and the newest revision states that there was nothing."""
    NIL_LATE = "nil_late"
    """As `late`, and the newest revision states that there was nothing."""
    HELD = "held"
    """A batch waits at this front-end for a reviewer, and no other has a receipt; once the due passes, it is
    `overdue` like anything that has not come. A centre does not know of it."""
    UNBALANCED = "unbalanced"
    """The newest attempt did not balance, be it the first or a correction, and nothing has settled it since."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Times are aware; `amount` is fen. What comes from a receipt is None until there is one.

    `receipted_at` and `landed_at` are those of the first accepted revision, which alone decides `on_time` or `late`;
    `revision` and `batch` are those of the newest. `rows`, `amount` and `problem_rows` are, of a snapshot, those of the
    newest too, which is the whole period. Revisions of an increment are portions: there they are what all portions of
    the period have come to together, rows added less rows removed and the net amount, so a row that was sent twice
    counts once; a period whose portions remove more than they add is below zero.
    """

    feed: str
    department: str
    title: str
    period: Period
    due: datetime
    state: State
    receipted_at: datetime | None = None
    landed_at: datetime | None = None
    revision: int | None = None
    rows: int | None = None
    amount: int | None = None
    problem_rows: int | None = None
    batch: str | None = None
