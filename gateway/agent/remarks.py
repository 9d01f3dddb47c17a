"""What the agent says of an instruction to whoever looks after this machine: what came, and how it ended.

In both languages, Chinese first. Only what may also be told to the office; must never decide anything.
"""

from __future__ import annotations

from gateway.agent.telling import Fault
from gateway.envelope.instruction import Instruction
from gateway.instructions.report import Outcome, Stage
from gateway.instructions.state import State
from gateway.instructions.words import ACTION_WORDS, STAGE_WORDS, STATE_WORDS

Remark = tuple[str, str]


def received(said: Instruction) -> Remark:
    """`收到指令 20261123-…:归集 agri.village_finance 2026Q3(changning)`"""
    about = said.batch or f"{said.feed} {said.period}"
    return (
        f"收到指令 {said.number}:{ACTION_WORDS[said.action]} {about}({said.centre})",
        f"instruction {said.number} from {said.centre}: {said.action} {about}",
    )


def done(number: str, stage: Stage | None, outcome: Outcome | None) -> Remark:
    """`指令 20261123-…:已办结(已回执)agri.village_finance/2026Q3/r1`"""
    zh, en = f"指令 {number}:{STATE_WORDS[State.DONE]}", f"instruction {number}: {State.DONE.value}"
    if stage is not None:
        zh, en = f"{zh}({STAGE_WORDS[stage]})", f"{en} ({stage})"
    if outcome is not None and outcome.batch is not None:
        same = ("(内容未变)", " (unchanged)") if outcome.unchanged else ("", "")
        zh, en = f"{zh}{outcome.batch}{same[0]}", f"{en} {outcome.batch}{same[1]}"
    return zh, en


def failed(number: str, fault: Fault) -> Remark:
    """`指令 20261123-…:失败 [YZ-5040] 原因。下一步。`"""
    why = fault.advice
    return (
        f"指令 {number}:{STATE_WORDS[State.FAILED]} [{fault.code}] {why.zh} {why.zh_next}".rstrip(),
        f"instruction {number}: {State.FAILED.value} [{fault.code}] {why.en} {why.en_next}".rstrip(),
    )
