"""The office side of orders: one is issued at a centre, and taken in wherever it is to be used.

Both are entered in the site's ledger before the file is kept, so that no order can be used that no ledger knows of.
Must never ask a person anything, nor hold a key.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue import Catalogue
from gateway.envelope.papers import Order, read_order, sign_order
from gateway.envelope.parties import Signer, Trust
from gateway.errors import OrderNumberTaken, OrderUnknown
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.orders.approval import require_approved_everywhere
from gateway.orders.store import Kept, Orders
from gateway.spool import mark_of


@dataclass(frozen=True, kw_only=True)
class Office:
    """The rooms that issuing and taking in need."""

    orders: Orders
    ledger: Ledger
    catalogue: Catalogue
    trust: Callable[[], Trust]
    clock: Callable[[], datetime]


def issue(order: Order, signer: Signer, office: Office) -> Kept:
    """Sign an order in the name of the person it names, enter it, and keep it.

    Raises:
        UnknownName, OrderNotOurs, DutyMissing, OrderNumberTaken, LedgerTextRefused; SealRefused: it contradicts itself;
        OrderRefused (YZ-47xx), YZ-50xx: the signer is not that person, or not to be relied on.
    """
    _require_approved(order, office)
    return _keep(sign_order(order, signer), office)


def accept(data: bytes, office: Office) -> Kept:
    """Take in an order that came from a centre; the same one again changes nothing.

    Raises:
        FileTooLong, OrderRefused (YZ-47xx), YZ-50xx, UnknownName, OrderNotOurs, DutyMissing, OrderNumberTaken.
    """
    return _keep(data, office)


def used(number: str, ledger: Ledger, kind: EventKind, given_up: Set[str] = frozenset()) -> int:
    """How many batches this node knows to have been made under an order.

    Args:
        kind: the line that counts: `sealed` at a front-end, `loaded` at a centre.
        given_up: marks of entries that were refused for good; they used nothing.
    """
    lines = (line for line in ledger.lines(kind=kind) if line.said.number == number)
    return sum(mark_of(line.digest or "") not in given_up for line in lines)


def enter_order(kept: Kept, at: datetime, ledger: Ledger) -> None:
    """Enter an order that is issued here or first seen here: once for each paper, however often it comes."""
    if any(line.said.content == kept.digest for line in ledger.lines(kind=EventKind.ORDERED)):
        return
    order = kept.order
    detail = Detail(
        number=order.number,
        centre=order.centre,
        reason=order.reason,
        until=order.expires_at.isoformat(timespec="seconds"),
        content=kept.digest,
    )
    ledger.append(Event(at=at, kind=EventKind.ORDERED, by=order.person, detail=detail))


def _keep(data: bytes, office: Office) -> Kept:
    trust, at = office.trust(), office.clock()
    kept = Kept(order=read_order(data, trust, at), data=data)
    _require_approved(kept.order, office)
    try:
        known = office.orders.find(kept.order.number, trust, at)
    except OrderUnknown:
        known = None
    if known is not None and known.digest != kept.digest:
        raise OrderNumberTaken(number=kept.order.number)
    enter_order(kept, at, office.ledger)
    office.orders.keep(kept)
    return kept


def _require_approved(order: Order, office: Office) -> None:
    """For every feed it names, at every centre that the feed is addressed to."""
    for name in order.feeds:
        feed = office.catalogue.feed(name)
        require_approved_everywhere(order, feed, office.catalogue)
    for department in order.departments:
        office.catalogue.department(department)
