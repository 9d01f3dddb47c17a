"""One line of the board: a feed, a period, and where it stands.

Owns the words of the contract (`yizhan status --json`). It must never compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.calendar import Period
from gateway.freshness.facts import Delivery, Stage, Waiver


class State(StrEnum):
    """Where a period of a feed stands. Readers of the board must take a word they do not know (more will come)."""

    NOT_DUE = "not_due"
    """Nothing has come and nothing is pressing: the period still runs, or its first reminder is still to come."""
    DUE_SOON = "due_soon"
    """The period has ended, nothing has come, and the rule's first reminder is past."""
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
    """A batch waits at the front-end for a reviewer, and no other has a receipt; once the due passes, it is
    `overdue` like anything that has not come."""
    UNBALANCED = "unbalanced"
    """The newest attempt did not balance, be it the first or a correction, and nothing has settled it since."""
    EXEMPT = "exempt"
    """免报: it need not be reported, and was not, or only after its due, when nothing was owed. What came in time all
    the same is `on_time`."""


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """A rung of the rule's ladder: `days` before the due, which is the moment `at` (aware)."""

    days: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """When a period will probably be reported, by this feed's own history; `zh` and `en` explain it in a line.

    `late`: whether that is after the due. Never a judgement: nothing is owed because of it.
    """

    expected_at: datetime
    late: bool
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """Times are aware; `amount` is fen. What comes from a receipt is None until there is one.

    `receipted_at` and `landed_at` are those of the first accepted revision, which alone decides `on_time` or `late`;
    `revision` and `batch` are those of the newest. `rows`, `amount` and `problem_rows` are, of a snapshot, those of the
    newest too, which is the whole period. Revisions of an increment are portions: there they are what all portions of
    the period have come to together, rows added less rows removed and the net amount, so a row that was sent twice
    counts once; a period whose portions remove more than they add is below zero.

    Attributes:
        due: by when it is owed: the rule's, or a later one by an extension, which never shortens it, though the rule
            may give more since. rule_due: the rule's.
        waiver: the exemption or extension in force.
        reminders: of a period that has ended and has no receipt, the first to come first; else none.
        reminder: the rung reached, in days before the due; None before the first and after the due.
        landed_corrected: what `landed_at` was by the centre's clock, where the two clocks differed too much.
        decided_at: which moment of the first accepted revision was held against the due.
        held_since: since when a batch of it has waited for a reviewer.
        stage: the newest step known, while it has no receipt.
        deliveries: the accepted revisions, oldest first.
    """

    feed: str
    department: str
    title: str
    period: Period
    due: datetime
    rule_due: datetime
    state: State
    receipted_at: datetime | None = None
    landed_at: datetime | None = None
    landed_corrected: datetime | None = None
    decided_at: datetime | None = None
    revision: int | None = None
    rows: int | None = None
    amount: int | None = None
    problem_rows: int | None = None
    batch: str | None = None
    waiver: Waiver | None = None
    reminders: tuple[Reminder, ...] = ()
    reminder: int | None = None
    held_since: datetime | None = None
    stage: Stage | None = None
    forecast: Forecast | None = None
    deliveries: tuple[Delivery, ...] = ()
