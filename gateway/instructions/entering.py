"""What the centre's ledger says of an instruction: that it was issued, how it ended. Values; must never append one."""

from __future__ import annotations

from datetime import datetime

from gateway.envelope.instruction import Instruction
from gateway.instructions.state import Damaged
from gateway.ledger import Detail, Event, EventKind


def issued(said: Instruction) -> Event:
    """It was issued."""
    detail = Detail(
        number=said.number,
        department=said.department,
        reason=said.reason,
        until=said.expires_at.isoformat(),
    )
    return _event(said, EventKind.INSTRUCTED, said.issued_at, said.by, None, detail)


def concluded(said: Instruction, at: datetime, code: str | None, by: str | None = None) -> Event:
    """It ended; code: why not well."""
    detail = Detail(number=said.number, department=said.department)
    return _event(said, EventKind.CONCLUDED, at, by, code, detail)


def given_up(one: Damaged, at: datetime, code: str) -> Event:
    """It ended, and what it said cannot be read any longer."""
    detail = Detail(number=one.number, department=one.department)
    return Event(at=at, kind=EventKind.CONCLUDED, feed=one.feed, period=one.period, code=code, detail=detail)


def _event(said: Instruction, kind: EventKind, at: datetime, by: str | None, code: str | None, detail: Detail) -> Event:
    return Event(
        at=at,
        kind=kind,
        batch=said.batch,
        feed=said.feed,
        period=said.period,
        digest=said.digest,
        code=code,
        by=by,
        detail=detail,
    )
