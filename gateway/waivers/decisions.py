"""Exemptions and extensions, read from the lines of a ledger. Pure: lines in, decisions out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.calendar import Period
from gateway.freshness import Waiver, WaiverKind
from gateway.ledger import EventKind, Line

DECISIONS = (EventKind.EXEMPTED, EventKind.EXTENDED, EventKind.WITHDRAWN)
"""The lines it takes."""

_KINDS = {EventKind.EXEMPTED: WaiverKind.EXEMPT, EventKind.EXTENDED: WaiverKind.EXTENDED}


def waivers_in(lines: Iterable[Line]) -> tuple[Waiver, ...]:
    """Every decision the lines (in order) tell of, in order, one for each period; other lines are passed over."""
    found: list[Waiver] = []
    for line in lines:
        if line.event in _KINDS:
            found.append(_waiver(line))
        elif line.event == EventKind.WITHDRAWN:
            found = [_ended(one, line) for one in found]
    return tuple(found)


def _waiver(line: Line) -> Waiver:
    said = line.said
    return Waiver(
        feed=line.feed or "",
        period=Period.parse(line.period or ""),
        at=line.moment,
        kind=_KINDS[EventKind(line.event)],
        until=datetime.fromisoformat(said.until) if said.until else None,
        number=said.number or "",
        by=line.by or "",
        reason=said.reason or "",
        position=line.seq,
    )


def _ended(one: Waiver, line: Line) -> Waiver:
    same = (one.feed, str(one.period), one.number) == (line.feed, line.period, line.said.number)
    if not same or one.withdrawn_at is not None:
        return one
    return replace(one, withdrawn_at=line.moment, withdrawn_by=line.by, withdrawn_reason=line.said.reason)
