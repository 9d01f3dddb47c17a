"""Rows of the tables as values, and the statements on them. Every caller is in a transaction; must never decide.

A row is read by itself: one that is damaged is given as `Damaged` and hides no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from gateway.envelope.instruction import Instruction, peek, require_intact
from gateway.envelope.papers.bundle import MAX_PAPER
from gateway.errors import InstructionUnknown, YizhanError
from gateway.instructions.handing import Given
from gateway.instructions.report import (
    Advice,
    InstructionReport,
    ReportLine,
    advice_json,
    outcome_json,
    read_advice,
    read_outcome,
)
from gateway.instructions.state import OPEN, Damaged, Standing, State
from gateway.instructions.table import INSTRUCTIONS, LINES, REQUESTS

MAX_LINES_KEPT = 2_000
"""Lines kept of one instruction: the first ones."""
_OPEN = INSTRUCTIONS.c.state.in_([state.value for state in OPEN])
_DAMAGE = (YizhanError, ValueError, TypeError)
"""What reading a damaged row raises: its paper is out of form, a word or a moment is none, a value of another type."""


@dataclass(frozen=True, kw_only=True)
class Requested:
    """Which instruction a request was answered with, and the fingerprint of what it wanted."""

    number: str
    wanted: str


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """Of an open instruction, what tells whether something has changed. seq: of its last report."""

    department: str
    state: State
    seq: int


@dataclass(frozen=True, kw_only=True)
class End:
    """How the centre itself ends one."""

    state: State
    at: datetime
    code: str
    advice: Advice


def requested(connection: Connection, request: str) -> Requested | None:
    """What is remembered of a request."""
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.request == request)).one_or_none()
    return None if row is None else Requested(number=row.number, wanted=row.wanted)


def remember(connection: Connection, request: str, number: str, wanted: str) -> None:
    """What a request was answered with."""
    connection.execute(insert(REQUESTS).values(request=request, number=number, wanted=wanted))


def enter(connection: Connection, said: Instruction, document: bytes, paper: bytes | None, position: int) -> None:
    """A new instruction, at the place of its line in the ledger."""
    connection.execute(
        insert(INSTRUCTIONS).values(
            number=said.number,
            position=position,
            department=said.department,
            feed=said.feed,
            period=said.period,
            document=document,
            paper=paper,
            state=State.ISSUED.value,
            seq=0,
            lines=0,
            expires_at=said.expires_at.isoformat(),
        )
    )


def department_of(connection: Connection, number: str) -> str | None:
    """Whose it is; None: there is none."""
    found = select(INSTRUCTIONS.c.department).where(INSTRUCTIONS.c.number == number)
    return connection.execute(found).scalar_one_or_none()


def standing(connection: Connection, number: str) -> Standing | Damaged:
    """With its lines. Raises: InstructionUnknown."""
    row = connection.execute(select(INSTRUCTIONS).where(INSTRUCTIONS.c.number == number)).one_or_none()
    if row is None:
        raise InstructionUnknown(number=number)
    found = select(LINES).where(LINES.c.number == number).order_by(LINES.c.place)
    return _read(row, connection.execute(found).all())


def faults(connection: Connection) -> Iterator[str]:
    """The numbers of damaged rows, those whose paper alone was changed among them."""
    for row in connection.execute(select(INSTRUCTIONS).order_by(INSTRUCTIONS.c.position)):
        try:
            require_intact(row.document)
        except _DAMAGE:
            yield row.number
        else:
            if isinstance(_read(row, ()), Damaged):
                yield row.number


def numbers(connection: Connection) -> frozenset[str]:
    """Of all there are."""
    return frozenset(connection.execute(select(INSTRUCTIONS.c.number)).scalars())


def open_of(
    connection: Connection, department: str, *, without: Collection[str] = ()
) -> tuple[Standing | Damaged, ...]:
    """Open ones of a department, oldest first, without their lines."""
    query = select(INSTRUCTIONS).where(_OPEN, INSTRUCTIONS.c.department == department)
    if without:
        query = query.where(INSTRUCTIONS.c.number.not_in(without))
    return _all(connection, query.order_by(INSTRUCTIONS.c.position))


def newest(connection: Connection, limit: int, feed: str | None, period: str | None) -> tuple[Standing | Damaged, ...]:
    """Newest first, without their lines."""
    query = select(INSTRUCTIONS)
    if feed is not None:
        query = query.where(INSTRUCTIONS.c.feed == feed)
    if period is not None:
        query = query.where(INSTRUCTIONS.c.period == period)
    return _all(connection, query.order_by(INSTRUCTIONS.c.position.desc()).limit(limit))


def glimpses(connection: Connection) -> Mapping[str, Glimpse]:
    """Of everything open that can be counted."""
    columns = (INSTRUCTIONS.c.number, INSTRUCTIONS.c.department, INSTRUCTIONS.c.state, INSTRUCTIONS.c.seq)
    found = connection.execute(select(*columns).where(_OPEN))
    return {
        row.number: Glimpse(department=row.department, state=State(row.state), seq=row.seq)
        for row in found
        if isinstance(row.seq, int)
    }


def fetched(connection: Connection, numbers: Iterable[str], at: datetime) -> None:
    """They are handed out; those that were before stay as they are."""
    issued = (INSTRUCTIONS.c.number.in_(list(numbers)), INSTRUCTIONS.c.state == State.ISSUED.value)
    new = {"state": State.FETCHED.value, "fetched_at": at.isoformat()}
    connection.execute(update(INSTRUCTIONS).where(*issued).values(new))


def papers(connection: Connection, numbers: Iterable[str]) -> tuple[Given, ...]:
    """What is handed out, oldest first."""
    columns = (INSTRUCTIONS.c.number, INSTRUCTIONS.c.document, INSTRUCTIONS.c.paper)
    query = select(*columns).where(INSTRUCTIONS.c.number.in_(list(numbers))).order_by(INSTRUCTIONS.c.position)
    return tuple(Given(number=row.number, document=row.document, order=row.paper) for row in connection.execute(query))


def hear(connection: Connection, found: Standing, report: InstructionReport, at: datetime) -> None:
    """Enter a report and its lines."""
    number, ended = found.number, report.ends
    said = {
        "state": report.state,
        "stage": report.stage or found.stage,
        "done": report.done,
        "total": report.total,
        "code": report.code,
        "advice": _text(advice_json(report.advice)) if report.advice else None,
        "seq": max(report.seq, found.seq),
        "fetched_at": (found.fetched_at or at).isoformat(),
        "reported_at": at.isoformat(),
        "ended_at": at.isoformat() if ended else None,
    }
    if report.outcome is not None:
        said["outcome"] = _text(outcome_json(report.outcome))
    kept = connection.execute(select(INSTRUCTIONS.c.lines).where(INSTRUCTIONS.c.number == number)).scalar_one()
    lines = report.lines[: MAX_LINES_KEPT - kept]
    connection.execute(
        update(INSTRUCTIONS).where(INSTRUCTIONS.c.number == number).values(said | {"lines": kept + len(lines)})
    )
    if lines:
        connection.execute(
            insert(LINES),
            [
                {"number": number, "place": place, "at": one.at.isoformat(), "code": one.code, "text": one.text}
                for place, one in enumerate(lines, kept + 1)
            ],
        )


def end(connection: Connection, number: str, how: End) -> None:
    """The centre ends it itself."""
    said = {"state": how.state.value, "code": how.code, "advice": _text(advice_json(how.advice))}
    ended = update(INSTRUCTIONS).where(INSTRUCTIONS.c.number == number)
    connection.execute(ended.values(said | {"ended_at": how.at.isoformat()}))


def _all(connection: Connection, query: Select[Any]) -> tuple[Standing | Damaged, ...]:
    return tuple(_read(row, ()) for row in connection.execute(query))


def _read(row: Row[Any], lines: Sequence[Row[Any]]) -> Standing | Damaged:
    try:
        return _standing(row, lines)
    except _DAMAGE:
        ended = row.state not in {state.value for state in OPEN}
        return Damaged(number=row.number, department=row.department, feed=row.feed, period=row.period, ended=ended)


def _said(row: Row[Any]) -> Instruction:
    """What the row's paper says. Raises ValueError: it is another row's, or the order that goes with it is gone."""
    said = peek(row.document)
    if any(getattr(said, name) != getattr(row, name) for name in ("number", "department", "feed", "period")):
        raise ValueError("the paper of another row")
    if (said.order is None) != (row.paper is None):
        raise ValueError("an order, and no paper of one")
    if row.paper is not None and not (isinstance(row.paper, bytes) and 0 < len(row.paper) <= MAX_PAPER):
        raise ValueError("no paper that can be handed out")
    return said


def _standing(row: Row[Any], lines: Sequence[Row[Any]]) -> Standing:
    counts = (row.seq, row.lines, row.done or 0, row.total or 0)
    if not all(isinstance(one, int) for one in counts):
        raise TypeError("a count is none")
    return Standing(
        instruction=_said(row),
        position=row.position,
        state=State(row.state),
        stage=row.stage,
        done=row.done,
        total=row.total,
        code=row.code,
        advice=None if row.advice is None else read_advice(row.advice),
        outcome=None if row.outcome is None else read_outcome(row.outcome),
        seq=row.seq,
        fetched_at=_moment(row.fetched_at),
        reported_at=_moment(row.reported_at),
        ended_at=_moment(row.ended_at),
        lines=tuple(ReportLine(at=datetime.fromisoformat(one.at), code=one.code, text=one.text) for one in lines),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(data: bytes) -> str:
    return data.decode()
