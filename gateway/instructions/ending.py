"""How an instruction ends at the centre, in its row and in the ledger by one transaction, and what still moves it.

Must never end what has ended: whoever calls has looked at it in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.envelope.papers.form import CLOCK_SKEW
from gateway.errors import InstructionDamaged, InstructionExpired, InstructionOutOfTime, YizhanError
from gateway.instructions import rows
from gateway.instructions.entering import concluded, given_up
from gateway.instructions.issuing import Bureau
from gateway.instructions.report import Advice, InstructionReport
from gateway.instructions.rows import End
from gateway.instructions.state import Damaged, Standing, State

SILENCE = timedelta(days=1)
"""How long one that is being carried out may say nothing after its end of life, and still counts as open."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the centre itself ends one, why, and who wanted it."""

    state: State
    error: YizhanError
    by: str | None = None


def is_over(one: Standing | Damaged, now: datetime) -> bool:
    """Whether nobody is waited for any longer: it was not fetched, not begun, not heard of for too long, or damaged."""
    if isinstance(one, Damaged):
        return not one.ended
    end_of_life = one.instruction.expires_at
    match one.state:
        case State.ISSUED:
            return now > end_of_life
        case State.FETCHED:
            return now > end_of_life + CLOCK_SKEW
        case State.RUNNING:
            return now > max(end_of_life, one.reported_at or end_of_life) + SILENCE
        case _:
            return False


def expire(connection: Connection, one: Standing, bureau: Bureau) -> bool:
    """End it if it is over; whether it was."""
    if not is_over(one, bureau.clock()):
        return False
    end(connection, one, Ending(state=State.EXPIRED, error=expired(one)), bureau)
    return True


def end(connection: Connection, one: Standing, how: Ending, bureau: Bureau) -> None:
    """End it, in its row and in the ledger."""
    now, error = bureau.clock(), how.error
    rows.end(connection, one.number, End(state=how.state, at=now, code=error.code, advice=Advice.of(error)))
    bureau.ledger.append(concluded(one.instruction, now, error.code, how.by), connection)


def give_up(connection: Connection, one: Damaged, bureau: Bureau) -> None:
    """End a damaged one, if it is open: nobody could be told what it says."""
    if one.ended:
        return
    now, error = bureau.clock(), InstructionDamaged(number=one.number)
    rows.end(connection, one.number, End(state=State.FAILED, at=now, code=error.code, advice=Advice.of(error)))
    bureau.ledger.append(given_up(one, now, error.code), connection)


def moves(found: Standing, report: InstructionReport) -> bool:
    """Whether a report changes anything: one that goes on from the last, or ends what nobody has ended yet.

    An end counts whatever its number: a front-end that was restored from its backup counts from there. That one which
    was given up as expired was found expired by the front-end too is nothing new.
    """
    if found.state is State.EXPIRED:
        return found.fetched_at is not None and report.ends and report.code != InstructionOutOfTime.code
    return not found.ended and (report.ends or report.seq > found.seq)


def expired(one: Standing) -> InstructionExpired:
    """Why one has ended that nobody is waited for."""
    return InstructionExpired(number=one.number, expires_at=one.instruction.expires_at.isoformat())
