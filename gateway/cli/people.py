"""Who stands behind a batch: what `spool list` shows of the people in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.ledger import EventKind, Ledger, Line
from gateway.spool import mark_of

_KINDS = (EventKind.SEALED, EventKind.LOADED, EventKind.HELD, EventKind.RELEASED)


@dataclass(frozen=True, kw_only=True)
class People:
    """Who answers for a batch; who holds it and why, or who released it."""

    by: str | None = None
    held_by: str | None = None
    reason: str | None = None
    released_by: str | None = None


NOBODY = People()


def people_of(ledger: Ledger) -> dict[str, People]:
    """By the mark of its batch, what the ledger's newest lines say."""
    found: dict[str, People] = {}
    lines = sorted((line for kind in _KINDS for line in ledger.lines(kind=kind)), key=lambda line: line.seq)
    for line in lines:
        mark = mark_of(line.digest or "")
        found[mark] = _after(found.get(mark, NOBODY), line)
    return found


def _after(known: People, line: Line) -> People:
    match line.event:
        case EventKind.HELD:
            return replace(known, released_by=None, held_by=line.by, reason=line.said.reason)
        case EventKind.RELEASED:
            return replace(known, released_by=line.by, held_by=None, reason=None)
        case EventKind.LOADED:
            return replace(known, by=line.by, released_by=line.said.released_by)
        case _:
            return replace(known, by=line.by)
