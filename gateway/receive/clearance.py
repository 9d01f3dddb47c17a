"""What a batch must bring besides itself: an order for a closed year, a release where one is due, a signed nil return.

Asked when a batch is submitted and again when it is loaded, each time by this centre's clock and catalogue; the papers
themselves are the envelope's to verify. Must never look at a payload or a store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, Period, closing
from gateway.catalogue import Catalogue, Department, Duty, Feed
from gateway.catalogue.duties import require_corrector, require_duty
from gateway.envelope.manifest import Kind, Manifest
from gateway.envelope.papers import Endorsed, Order, Papers, check_papers
from gateway.envelope.parties import Trust
from gateway.envelope.sealed import Batch
from gateway.errors import (
    DeclarerDiffers,
    NilOverRows,
    OrderUnwanted,
    ReleaseMissing,
    ReviewerIsCollector,
    YearClosed,
)
from gateway.orders import Kept, require_approved
from gateway.receive.entitlement import feed_of


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where and when it is asked: this centre's id, its catalogue, whom it trusts, and its own time."""

    centre: str
    catalogue: Catalogue
    trust: Trust
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """The batch may come. `released_by`: the reviewer, if there was one. `order`: what opens its year, if it has to."""

    released_by: str | None
    order: Kept | None


def clear(batch: Batch, papers: Papers, here: Checkpoint) -> Clearance:
    """Let a verified batch pass, or raise.

    Raises:
        EndorsementRefused (YZ-46xx), OrderRefused (YZ-47xx), YZ-50xx of the certificates.
        YearClosed, OrderUnwanted, OrderNotOurs; ReleaseMissing, ReviewerIsCollector; NilOverRows, DeclarerDiffers;
        DutyMissing.
    """
    said, feed = batch.manifest, feed_of(batch.manifest, here.catalogue)
    checked = check_papers(papers, batch, here.trust, here.at)
    department = here.catalogue.department(said.sender)
    if said.kind is Kind.NIL:
        _require_declared(said, checked.declared_by, department)
    elif said.revision > 1:
        require_corrector(department, said.by)
    released_by = _reviewer(said, checked.released_by, feed, department)
    _require_open(said, checked.order, feed, here)
    order = Kept(order=checked.order, data=papers.order) if checked.order and papers.order else None
    return Clearance(released_by=released_by, order=order)


def _require_declared(said: Manifest, declared: Endorsed | None, department: Department) -> None:
    """A nil return comes first or not at all, and whoever signed it has to answer for it."""
    if said.revision > 1:
        raise NilOverRows(batch=said.batch_id)
    person = declared.person if declared else "-"
    if person != said.by:
        raise DeclarerDiffers(batch=said.batch_id, person=person, by=said.by)
    require_duty(department, person, Duty.DECLARE)


def _reviewer(said: Manifest, released: Endorsed | None, feed: Feed, department: Department) -> str | None:
    """Who released it: always somebody with the duty, and never who answers for it, whether or not it was asked for."""
    if feed.reviewed(said.revision):
        if released is None:
            raise ReleaseMissing(batch=said.batch_id)
        require_duty(department, said.by, Duty.DECLARE if said.kind is Kind.NIL else Duty.COLLECT)
    if released is None:
        return None
    if released.person == said.by:
        raise ReviewerIsCollector(batch=said.batch_id, person=released.person)
    return require_duty(department, released.person, Duty.REVIEW).id


def _require_open(said: Manifest, order: Order | None, feed: Feed, here: Checkpoint) -> None:
    """The year is open at this moment, or an order opens it: one of the two, never both."""
    closes = closing(here.catalogue.year_freeze, Period.parse(said.period))
    closed = closes is not None and here.at >= closes.at
    if order is None and closes is not None and closed:
        closed_at = closes.at.astimezone(ASIA_SHANGHAI).date().isoformat()
        raise YearClosed(batch=said.batch_id, closed_at=closed_at, article=closes.rule.article)
    if order is not None and not closed:
        raise OrderUnwanted(batch=said.batch_id, number=order.number)
    if order is not None:
        require_approved(order, feed, here.centre, here.catalogue)
