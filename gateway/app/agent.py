"""What the agent of a front-end needs, put together from the node's rooms. No decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time

from gateway.acknowledge import acknowledge
from gateway.agent import Daily, Rooms, Tray
from gateway.app.facts import facts_of
from gateway.app.levels import chain_of
from gateway.app.rooms import FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.chain import complete
from gateway.errors import YizhanError
from gateway.freshness import State, board
from gateway.keys import Signatory
from gateway.transport import Patience

DELIVERING = Patience(attempts=3, receipt=60.0)
"""The agent offers a batch again by itself, and others wait meanwhile: within one attempt it does not linger."""
_OWED = (State.NOT_DUE, State.DUE_SOON, State.OVERDUE, State.UNBALANCED)


def tray_of(node: FrontEnd) -> Tray:
    """`agent/`. Raises: SpoolFull, SpoolUnavailable."""
    return Tray(node.site.root / "agent")


def rooms_of(node: FrontEnd, tray: Tray, signatory: Callable[[str], Signatory]) -> Rooms:
    """What carrying out instructions needs; `signatory` opens the key of a person who has consented."""
    return Rooms(
        tray=tray,
        spool=node.spool,
        ledger=node.ledger,
        catalogue=node.catalogue,
        department=node.file.department,
        collector=node.file.collector,
        releases_by=node.file.agent.releases_by,
        trust=node.keys.trust,
        clock=node.clock,
        gate=node.gate(),
        office=node.office(),
        desk=node.desk,
        source=node.source,
        post=lambda watch: node.post(watch, DELIVERING),
        signatory=signatory,
        afterwards=lambda: _afterwards(node),
    )


def daily_of(node: FrontEnd, rooms: Rooms) -> Daily | None:
    """The node's own schedule; None where the site names no time."""
    at = node.file.agent.schedule
    return Daily(time.fromisoformat(at), lambda: owed_of(node), rooms) if at else None


def owed_of(node: FrontEnd) -> Iterator[tuple[Feed, Period]]:
    """What is over, owed and not receipted, as the node's own board has it; an exempt period is not owed.

    Raises: what `facts_of` raises.
    """
    at = node.clock()
    for row in board(node.owed, facts_of(node), at):
        if row.state in _OWED and row.receipted_at is None and row.period.complete_at <= at:
            yield node.catalogue.feed(row.feed), row.period


def _afterwards(node: FrontEnd) -> Iterator[YizhanError]:
    for one in (*complete(chain_of(node)), *acknowledge(node.feeds, node.counter())):
        if one.error is not None:
            yield one.error
