"""The states of an instruction at the centre, and where it stands. Values only; must never ask a clock or a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.envelope.instruction import Instruction
from gateway.instructions.report import Advice, Outcome, ReportLine


class State(StrEnum):
    """issued -> fetched -> running -> done | failed; issued -> withdrawn; issued or fetched -> expired."""

    ISSUED = "issued"
    FETCHED = "fetched"  # handed to the front-end, which has not begun as far as is known
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN = (State.ISSUED, State.FETCHED, State.RUNNING)
"""The states of what has not ended."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An instruction and how far it is.

    Attributes:
        position: of its line in the centre's ledger; instructions are in this order.
        stage, done, total, outcome: as last reported; see `InstructionReport`.
        code, advice: why it failed, expired or was withdrawn.
        seq: of the last report; 0: none came.
        lines: what the front-end told, oldest first; empty where it was not asked for.
    """

    instruction: Instruction
    position: int
    state: State
    stage: str | None
    done: int | None
    total: int | None
    code: str | None
    advice: Advice | None
    outcome: Outcome | None
    seq: int
    fetched_at: datetime | None
    reported_at: datetime | None
    ended_at: datetime | None
    lines: tuple[ReportLine, ...] = ()

    @property
    def number(self) -> str:
        return self.instruction.number

    @property
    def ended(self) -> bool:
        return self.state not in OPEN


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A row that cannot be read as an instruction, by those of its columns that can: bad luck of a disk, or a hand.

    Attributes:
        number, department, feed, period: as the columns say.
        ended: whether nobody is told to carry it out any longer.
    """

    number: str
    department: str
    feed: str
    period: str
    ended: bool


@dataclass(frozen=True, kw_only=True)
class Issued:
    """The answer to whoever instructs.

    Attributes:
        number: of the instruction.
        state: it is in now.
        fresh: this very call issued it.
        joined: another request had issued it: one of the same feed, period and action was open.
    """

    number: str
    state: State
    fresh: bool
    joined: bool
