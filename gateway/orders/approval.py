"""Whose order counts where. Must never look at a scope, an expiry or a count: the order and the ledger know those."""

from __future__ import annotations

from gateway.catalogue import Catalogue, Duty, Feed
from gateway.catalogue.duties import require_duty
from gateway.envelope.papers import Order
from gateway.errors import OrderNotOurs


def require_approved(order: Order, feed: Feed, receiver: str, catalogue: Catalogue) -> None:
    """Raise unless somebody with the duty to approve issued this verified order, at the receiver or at a centre above.

    Args:
        receiver: the centre that is to accept batches under it. A lower centre cannot open a year for a higher one.

    Raises:
        OrderNotOurs, DutyMissing
    """
    if order.centre not in (receiver, *feed.above(receiver)):
        raise OrderNotOurs(number=order.number, centre=order.centre, feed=feed.id)
    require_duty(catalogue.centre(order.centre), order.person, Duty.APPROVE)


def require_approved_everywhere(order: Order, feed: Feed, catalogue: Catalogue) -> None:
    """Raise unless every centre that the feed is addressed to will take a batch under this order.

    A batch carries one order. What a lower centre loads under an order that a higher one refuses stays behind there for
    good, and every later revision with it.

    Raises:
        OrderNotOurs, DutyMissing
    """
    highest = next(centre for centre in reversed(feed.path) if centre in feed.routes)
    require_approved(order, feed, highest, catalogue)
