"""Whether it is a batch's turn: its place among the revisions, and what is left of the order it comes under.

Asked early, when a batch is submitted, and again inside the load's transaction, which alone decides. Must never write.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from gateway.errors import Conflict, CorrectsUnknown, OrderSpent, RevisionOutOfOrder
from gateway.warehouse.facts import BatchFacts
from gateway.warehouse.tables import BATCHES


def require_turn(connection: Connection, facts: BatchFacts) -> None:
    """Raise unless this batch may be loaded next; for `facts` that are not loaded yet.

    Raises:
        Conflict, RevisionOutOfOrder, CorrectsUnknown, OrderSpent: see Warehouse.require_next.
    """
    _require_next(connection, facts)
    _require_order(connection, facts)


def _require_next(connection: Connection, facts: BatchFacts) -> None:
    latest = connection.execute(
        select(BATCHES.c.revision, BATCHES.c.digest)
        .where(BATCHES.c.region == facts.region, BATCHES.c.feed == facts.feed, BATCHES.c.period == facts.period)
        .order_by(BATCHES.c.revision.desc())
        .limit(1)
    ).one_or_none()
    held, digest = (latest.revision, latest.digest) if latest else (0, None)
    if facts.revision <= held:
        raise Conflict(batch=facts.batch)
    if facts.revision != held + 1:
        raise RevisionOutOfOrder(batch=facts.batch, expected=held + 1)
    if facts.previous != digest:
        raise CorrectsUnknown(batch=facts.batch)


def _require_order(connection: Connection, facts: BatchFacts) -> None:
    """An order counts the batches that were loaded under it, of whatever feed, period and region."""
    order = facts.order
    if order is None:
        return
    used = select(func.count()).select_from(BATCHES).where(BATCHES.c.order_number == order.number)
    if connection.execute(used).scalar_one() >= order.uses:
        raise OrderSpent(batch=facts.batch, number=order.number, uses=order.uses)
