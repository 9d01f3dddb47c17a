"""Who owes what, and whether it came in time: the freshness board.

facts     what a node knows: receipts, attempts, decisions, events      `Facts`, `Delivery`, `Waiver`, …
listing   which periods are owed, and shown
judging   on time or late, and by which of a batch's times              `judge`
forecast  when it will probably come, by the feed's own history
board     the open periods; those of a span; all of them                `board`, `obligations`, `every_period`
notices   what to know of the calendar                                  `notices`
report    the board as JSON                                             `to_json`

Pure logic over facts. Lateness is computed from what is *owed* (the catalogue) and what is *receipted* (the facts),
never from whether a job ran. This room must never read the clock, a ledger or a database: its caller hands over the
facts.
"""

from gateway.freshness.board import board, every_period, last_attempts, obligations
from gateway.freshness.facts import (
    Attempt,
    Delivery,
    Facts,
    Held,
    Imbalance,
    Occurrence,
    Stage,
    Step,
    Waiver,
    WaiverKind,
)
from gateway.freshness.judging import SKEW_TOLERATED, judge, keeps
from gateway.freshness.notices import Notice, notices, unknown_years
from gateway.freshness.report import to_json
from gateway.freshness.row import Forecast, Reminder, Row, State

__all__ = [
    "SKEW_TOLERATED",
    "Attempt",
    "Delivery",
    "Facts",
    "Forecast",
    "Held",
    "Imbalance",
    "Notice",
    "Occurrence",
    "Reminder",
    "Row",
    "Stage",
    "State",
    "Step",
    "Waiver",
    "WaiverKind",
    "board",
    "every_period",
    "judge",
    "keeps",
    "last_attempts",
    "notices",
    "obligations",
    "to_json",
    "unknown_years",
]
