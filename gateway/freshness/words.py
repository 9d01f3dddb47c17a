"""What people call the board's states. Must never decide anything: the contract is `State`'s own words."""

from __future__ import annotations

from gateway.freshness.row import State

STATE_WORDS = {
    State.OVERDUE: ("逾期未报", "overdue"),
    State.UNBALANCED: ("对账不平", "unbalanced"),
    State.DUE_SOON: ("即将到期", "due soon"),
    State.HELD: ("待审核放行", "held for review"),
    State.LATE: ("迟报", "late"),
    State.NIL_LATE: ("迟报零报送", "nil late"),
    State.NOT_DUE: ("未到期", "not due"),
    State.ON_TIME: ("按时", "on time"),
    State.NIL_ON_TIME: ("按时零报送", "nil on time"),
    State.EXEMPT: ("免报", "exempt"),
}
"""Chinese and English, what wants somebody first."""
