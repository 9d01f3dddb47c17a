"""A centre's bulletins and dunning notices: its rooms put together, and its present figures. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.app.facts import facts_of
from gateway.app.rooms import CentreNode
from gateway.bulletin import Before, Bulletin, Entry, Press, obligations_of, tally
from gateway.calendar import Period
from gateway.dunning import DunningOffice
from gateway.freshness import Facts, Row, board, obligations


def press_of(node: CentreNode) -> Press:
    """Raises: UnknownName."""
    return Press(centre=node.own, ledger=node.ledger, engine=node.database, clock=node.clock)


def dunning_of(node: CentreNode) -> DunningOffice:
    """Raises: UnknownName."""
    return DunningOffice(
        centre=node.own, catalogue=node.catalogue, ledger=node.ledger, engine=node.database, clock=node.clock
    )


def preview_of(node: CentreNode, period: Period) -> Bulletin:
    """What the bulletin of a period would say now. Raises: ValueError: the period is an event."""
    now, facts = node.clock(), facts_of(node)
    before = tuple(_before(node, period.previous(), facts, now))
    entries = _entries(node, period, facts, now, before)
    return Bulletin(period=period, number=0, at=now, by=None, reason=None, entries=entries)


def board_of(node: CentreNode) -> tuple[Row, ...]:
    """What is open at this centre now."""
    return board(node.owed, facts_of(node), node.clock())


def _before(node: CentreNode, period: Period, facts: Facts, now: datetime) -> Iterator[Before]:
    """Of the period before: as last issued, else as it stands now."""
    issues = press_of(node).issues(period)
    for entry in issues[-1].entries if issues else _entries(node, period, facts, now, ()):
        yield Before(department=entry.department, due=entry.figures.due, on_time=entry.figures.on_time)


def _entries(
    node: CentreNode, period: Period, facts: Facts, now: datetime, before: tuple[Before, ...]
) -> tuple[Entry, ...]:
    rows = obligations(node.owed, facts, now, period)
    owed = obligations_of(rows, node.catalogue, dunning_of(node).notices(), now)
    return tally([department.id for department in node.catalogue.departments], owed, before)
