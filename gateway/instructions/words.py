"""What people call an instruction's actions, states and stages. Must never decide anything: the papers' words do."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.envelope.instruction import Action
from gateway.instructions.report import Stage
from gateway.instructions.state import State

ACTION_WORDS: Mapping[Action, str] = {"collect": "归集", "deliver": "送达", "release": "放行", "hold": "留置"}
STATE_WORDS = {
    State.ISSUED: "已下达",
    State.FETCHED: "已取走",
    State.RUNNING: "执行中",
    State.DONE: "已办结",
    State.FAILED: "失败",
    State.EXPIRED: "已失效",
    State.WITHDRAWN: "已撤回",
}
STAGE_WORDS: Mapping[Stage, str] = {
    "collecting": "采集",
    "checking": "核对",
    "sealing": "封装",
    "held": "待审核",
    "delivering": "送达",
    "receipted": "已回执",
}
"""In Chinese; in English they are called as the papers have them."""
