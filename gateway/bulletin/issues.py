"""A bulletin, and what the ledger keeps of one that was issued.

An issue is `published` lines of one transaction: a head (number, who, why) and one line a department in the order of
the table, with its figures and approvals. Number 1 is the bulletin itself, number n + 1 its n-th correction notice.
Pure: lines in, bulletins out, and the other way round. Must never count anything anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.bulletin.figures import Approval, ApprovalKind, Entry, Figures
from gateway.calendar import Period
from gateway.ledger import Detail, Event, EventKind, Line

_LAYOUT = 1
"""Which figures a line has, in which order. Whoever adds one counts this up, and keeps reading the older."""
_LONGEST = 200  # of a ledger line's reason
_BETWEEN = "|"
_ROOM_FOR_OTHERS = len(_BETWEEN) + len(ApprovalKind.OTHERS) + 6


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """The table of one period.

    Attributes:
        number: 0 for a preview, 1 for the bulletin as issued, n + 1 for its n-th correction notice.
        at: the moment it speaks of, at which it was issued.
        by: who issued it. reason: why it was corrected.
        entries: in the order of the table.
    """

    period: Period
    number: int
    at: datetime
    by: str | None
    reason: str | None
    entries: tuple[Entry, ...]

    @property
    def correction(self) -> int:
        """The number of the correction notice; 0 where it is none."""
        return max(self.number - 1, 0)


@dataclass
class _Reading:
    """An issue whose lines are being read."""

    head: Line
    entries: list[Entry] = field(default_factory=list)


def events_of(bulletin: Bulletin, centre: str) -> Iterator[Event]:
    """The lines of an issue, in order. Raises: LedgerTextRefused."""
    period, number = str(bulletin.period), str(bulletin.number)
    figures = (_LAYOUT, len(bulletin.entries))
    head = Detail(centre=centre, number=number, reason=bulletin.reason, figures=figures)
    yield Event(at=bulletin.at, kind=EventKind.PUBLISHED, period=period, by=bulletin.by, detail=head)
    for entry in bulletin.entries:
        said = Detail(
            department=entry.department,
            number=number,
            figures=entry.figures.encode(),
            reason=encode_approvals(entry.approvals),
        )
        yield Event(at=bulletin.at, kind=EventKind.PUBLISHED, period=period, by=bulletin.by, detail=said)


def issues_in(lines: Iterable[Line], period: Period) -> tuple[Bulletin, ...]:
    """Every issue of a period, the oldest first, exactly as it was made."""
    readings: list[_Reading] = []
    for line in lines:
        if line.event != EventKind.PUBLISHED or line.period != str(period):
            continue
        said = line.said
        if said.department is None:
            readings.append(_Reading(head=line))
        elif readings and said.figures is not None:
            approvals = decode_approvals(said.reason)
            figures = Figures.decode(said.figures)
            readings[-1].entries.append(Entry(department=said.department, figures=figures, approvals=approvals))
    return tuple(_bulletin(one, period) for one in readings)


def encode_approvals(approvals: Sequence[Approval]) -> str | None:
    """As a line keeps them: as many as it has room for, and then how many more there are."""
    parts = [f"{one.kind}{one.number.replace(_BETWEEN, '/')}" for one in approvals]
    if len(_BETWEEN.join(parts)) > _LONGEST:
        kept = list(_fitting(parts))
        parts = [*kept, f"{ApprovalKind.OTHERS}{len(parts) - len(kept)}"]
    return _BETWEEN.join(parts) or None


def decode_approvals(text: str | None) -> tuple[Approval, ...]:
    """Read back."""
    return tuple(_approval(part) for part in text.split(_BETWEEN)) if text else ()


def _fitting(parts: Sequence[str]) -> Iterator[str]:
    used = _ROOM_FOR_OTHERS
    for part in parts:
        used += len(part) + len(_BETWEEN)
        if used > _LONGEST:
            return
        yield part


def _approval(text: str) -> Approval:
    kind = next(kind for kind in ApprovalKind if text.startswith(kind))
    return Approval(kind=kind, number=text.removeprefix(kind))


def _bulletin(reading: _Reading, period: Period) -> Bulletin:
    line = reading.head
    return Bulletin(
        period=period,
        number=int(line.said.number or 0),
        at=line.moment,
        by=line.by,
        reason=line.said.reason,
        entries=tuple(reading.entries),
    )
