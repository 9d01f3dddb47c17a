"""Who owes what, and whether it came in time: the freshness board.

Pure logic over facts. Lateness is computed from what is *owed* (the catalogue) and what is *receipted* (the facts),
never from whether a job ran. This room must never read the clock, a ledger or a database: its caller hands over the
facts.
"""

from gateway.freshness.board import board, judge, listed
from gateway.freshness.facts import Delivery, Facts, Held, Imbalance
from gateway.freshness.report import to_json
from gateway.freshness.row import Row, State

__all__ = ["Delivery", "Facts", "Held", "Imbalance", "Row", "State", "board", "judge", "listed", "to_json"]
