"""Dunning notices as the ledger keeps them. Pure: lines in, notices out.

A number (`催〔2026〕3号`) is given once: the next one of its year is one more than the highest in the ledger, never the
count of files anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.ledger import Detail, Event, EventKind, Line

_NUMBER = re.compile(r"催〔(\d{4})〕(\d+)号", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One feed's period that a notice names, and the moment by which it was owed."""

    feed: str
    period: Period
    due: datetime


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice to one department. `digest`: SHA-256 (hex) of the paper. `by`: who answers for it."""

    number: str
    department: str
    at: datetime
    by: str | None
    items: tuple[Item, ...]
    digest: str


def notices_in(lines: Iterable[Line]) -> tuple[Notice, ...]:
    """Every notice the lines tell of, in order."""
    found: dict[str, Notice] = {}
    for line in lines:
        if line.event != EventKind.DUNNED:
            continue
        one = _notice(line)
        known = found.get(one.number)
        found[one.number] = replace(known, items=(*known.items, *one.items)) if known else one
    return tuple(found.values())


def events_of(notice: Notice) -> Iterator[Event]:
    """The lines of a notice. Raises: LedgerTextRefused."""
    for item in notice.items:
        said = Detail(
            department=notice.department,
            number=notice.number,
            until=item.due.isoformat(timespec="seconds"),
            content=notice.digest,
        )
        yield Event(
            at=notice.at, kind=EventKind.DUNNED, feed=item.feed, period=str(item.period), by=notice.by, detail=said
        )


def next_number(known: Sequence[Notice], at: datetime) -> str:
    """The number that a notice written at this moment (Beijing's year counts) gets."""
    year = at.astimezone(ASIA_SHANGHAI).year
    given = [int(found[2]) for one in known if (found := _NUMBER.fullmatch(one.number)) and int(found[1]) == year]
    return f"催〔{year}〕{max(given, default=0) + 1}号"


def file_stem(number: str) -> str:
    """A number as part of a file's name: `2026_3`."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise ValueError("not a dunning notice's number")
    return f"{found[1]}_{found[2]}"


def _notice(line: Line) -> Notice:
    said = line.said
    item = Item(
        feed=line.feed or "", period=Period.parse(line.period or ""), due=datetime.fromisoformat(said.until or "")
    )
    return Notice(
        number=said.number or "",
        department=said.department or "",
        at=line.moment,
        by=line.by,
        items=(item,),
        digest=said.content or "",
    )
