"""What front-ends hold for a reviewer, as a centre's ledger tells it: since a heartbeat said so, until one did not.

Presence keeps the last heartbeat alone; a board of a past moment asks what was known then. A line is written only when
something changes. Must never judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.presence import Heard, Report

_Place = tuple[str, str]


def enter_holds(department: str, said: Report, heard: Iterable[Heard], ledger: Ledger, at: datetime) -> None:
    """Enter what the department's front-end began or ceased to hold since its last heartbeat.

    Cut off between the two lines of this and the keeping of the heartbeat, the next one enters them again: whoever
    reads them takes the first of each.

    Args:
        heard: what was kept of the heartbeats before this one.
    """
    before, now = _before(department, heard, ledger), _held(said)
    for places, kind in ((now - before, EventKind.HELD), (before - now, EventKind.RELEASED)):
        for feed, period in sorted(places):
            ledger.append(Event(at=at, kind=kind, feed=feed, period=period, detail=Detail(department=department)))


def _before(department: str, heard: Iterable[Heard], ledger: Ledger) -> set[_Place]:
    """By its last heartbeat; where none can be read, by the ledger."""
    for one in heard:
        if one.department == department and one.report is not None:
            return _held(one.report)
    standing: set[_Place] = set()
    kinds = (ledger.lines(kind=kind) for kind in (EventKind.HELD, EventKind.RELEASED))
    for line in sorted(chain.from_iterable(kinds), key=lambda one: one.seq):
        if line.said.department == department and line.feed and line.period:
            change = standing.add if line.event == EventKind.HELD else standing.discard
            change((line.feed, line.period))
    return standing


def _held(report: Report) -> set[_Place]:
    return {(one.feed, str(one.period)) for one in report.held}
