"""What people call the states of the spool. Must never decide anything: the contract is `State`'s own words."""

from __future__ import annotations

from gateway.spool.entry import State

STATE_WORDS = {
    State.READY: "待送",
    State.INFLIGHT: "在途",
    State.HELD: "待审核",
    State.DONE: "已办结",
    State.DEAD: "已搁置",
}
"""In Chinese; in English they are called as the directories are."""
