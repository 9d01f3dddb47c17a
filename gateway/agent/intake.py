"""Taking instructions in: verified, entered in the ledger, and kept; or refused, entered with the code, and kept too.

What is told to the office of a refused paper goes under the number the centre handed it out under: nothing in it is
believed. Must never carry anything out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.agent.folders import Key, State, mark_of
from gateway.agent.rooms import Rooms
from gateway.agent.telling import Fault, last_report
from gateway.envelope.instruction import Instruction, match_instruction, read_instruction
from gateway.errors import InstructionForAnother, InstructionMisnumbered, Retry, YizhanError
from gateway.instructions.handing import Given
from gateway.ledger import Detail, Event, EventKind


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was made of one handed-out paper: kept (`said` is what it says), or refused (`error` is why)."""

    key: Key
    said: Instruction | None = None
    error: YizhanError | None = None


def take_in(centre: str, given: Given, rooms: Rooms) -> Taken | None:
    """Keep what a centre handed out; None where it is here already. One that ended here is reported to it anew.

    Raises: any Retry, of our own stores: nothing was decided, and it is handed out again.
    """
    key = Key(number=given.number, centre=centre)
    refused = Key(number=given.number, centre=centre, mark=mark_of(given.document))
    for known in (key, refused):
        state = rooms.tray.state(known)
        if state in (State.DONE, State.REFUSED):
            rooms.tray.repeat(known)
        if state is not None:
            return None
    try:
        said = _require_ours(given, rooms)
        _enter(said, given.document, rooms)
    except Retry:
        raise
    except YizhanError as error:
        _refuse(refused, given.document, error, rooms)
        return Taken(key=refused, error=error)
    rooms.tray.put(key, given.document, given.order)
    return Taken(key=key, said=said)


def _require_ours(given: Given, rooms: Rooms) -> Instruction:
    """Raises: what read_instruction and match_instruction raise; InstructionMisnumbered; UnknownName."""
    said = read_instruction(given.document, rooms.trust(), rooms.clock())
    if said.number != given.number:
        raise InstructionMisnumbered(centre=said.centre, number=said.number)
    require_for_us(said, rooms)
    return said


def require_for_us(said: Instruction, rooms: Rooms) -> None:
    """Raise unless a verified instruction is for this department, about a feed of its own, by a centre on its path.

    Raises: InstructionForAnother, InstructionFromStranger, UnknownName.
    """
    feed = rooms.catalogue.feed(said.feed) if said.department == rooms.department else None
    match_instruction(said, rooms.department, feed.path if feed else ())
    if feed is not None and feed.department != rooms.department:
        raise InstructionForAnother(number=said.number, department=feed.department)


def _enter(said: Instruction, document: bytes, rooms: Rooms) -> None:
    """Who told this machine to do what, once for each paper; before the paper is kept."""
    content = hashlib.sha256(document).hexdigest()
    if any(line.said.content == content for line in rooms.ledger.lines(kind=EventKind.INSTRUCTED)):
        return
    detail = Detail(
        number=said.number, centre=said.centre, department=said.department, reason=said.reason, content=content
    )
    event = Event(
        at=rooms.clock(), kind=EventKind.INSTRUCTED, feed=said.feed, period=said.period, by=said.by, detail=detail
    )
    rooms.ledger.append(event)


def _refuse(key: Key, document: bytes, error: YizhanError, rooms: Rooms) -> None:
    content = hashlib.sha256(document).hexdigest()
    if not any(line.said.content == content for line in rooms.ledger.lines(kind=EventKind.REFUSED)):
        detail = Detail(number=key.number, centre=key.centre, content=content)
        rooms.ledger.append(Event(at=rooms.clock(), kind=EventKind.REFUSED, code=error.code, detail=detail))
    rooms.tray.refuse(key, document, last_report(1, None, None, Fault.of(error)))
