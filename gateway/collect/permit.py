"""What a batch needs before it is made: an open year or an order, and somebody who answers for it.

Asked before a source is read, so that nobody's data is fetched for a batch that may not leave. Must never read a source
or seal anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.calendar import ASIA_SHANGHAI, closing
from gateway.catalogue import Duty
from gateway.catalogue.duties import require_corrector, require_duty
from gateway.collect.desk import Desk
from gateway.collect.pouring import Task
from gateway.envelope.papers import Papers
from gateway.errors import CollectorRequired, OrderNotNeeded, OrderUsedUp, PeriodFrozen
from gateway.journal import dead_marks
from gateway.ledger import EventKind, Line
from gateway.orders import Kept, require_approved_everywhere, used
from gateway.spool import State


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The batch may be made.

    Attributes:
        by: who answers for it, None where nobody has to. order: the order that opens its year.
        state: where it goes when it is sealed.
    """

    by: str | None
    order: Kept | None
    state: State

    @property
    def number(self) -> str | None:
        """The order's number, as manifest and ledger name it."""
        return self.order.order.number if self.order else None

    def papers(self, nil: bytes | None = None) -> Papers:
        """What travels with the batch from the start."""
        return Papers(nil=nil, order=self.order.data if self.order else None)


def permit_for(task: Task, before: Line | None, desk: Desk) -> Permit:
    """What the next revision needs, and has.

    Args:
        before: the newest batch sealed for the period.

    Raises:
        PeriodFrozen, OrderNotNeeded, OrderUsedUp; what `Orders.find`, `require_approved_everywhere` and the order
        itself raise.
        CollectorRequired: it will be reviewed, and nobody answers for it.
        DutyMissing: who answers for it may not.
    """
    order = order_for(task, desk)
    return Permit(by=_who_answers(task, before, desk), order=order, state=state_of(task, before))


def state_of(task: Task, before: Line | None) -> State:
    """Where the next revision goes when it is sealed."""
    return State.HELD if task.feed.reviewed(_next(before)) else State.READY


def order_for(task: Task, desk: Desk) -> Kept | None:
    """The order that opens the period's year; None where it is open without one. Raises as `permit_for`."""
    feed, period, at = task.feed, str(task.period), desk.clock()
    closes = closing(desk.catalogue.year_freeze, task.period)
    if closes is None or at < closes.at:
        if task.order is not None:
            raise OrderNotNeeded(feed=feed.id, period=period, number=task.order)
        return None
    if task.order is None:
        closed_at = closes.at.astimezone(ASIA_SHANGHAI).date().isoformat()
        raise PeriodFrozen(feed=feed.id, period=period, closed_at=closed_at, article=closes.rule.article)
    return _in_force(task, task.order, at, desk)


def _in_force(task: Task, number: str, at: datetime, desk: Desk) -> Kept:
    kept, feed = desk.orders.find(number, desk.trust(), at), task.feed
    require_approved_everywhere(kept.order, feed, desk.catalogue)
    kept.order.covers(feed.id, feed.department, str(task.period))
    kept.order.in_force(at)
    if used(number, desk.ledger, EventKind.SEALED, dead_marks(desk.spool)) >= kept.order.uses:
        raise OrderUsedUp(number=number, uses=kept.order.uses)
    return kept


def _who_answers(task: Task, before: Line | None, desk: Desk) -> str | None:
    """Who is named, if the catalogue lets them answer for it: a claim, for a run that nobody attends can sign nothing.

    Who was at the machine is the department's to say: it decides who has an account there, and who holds which key. A
    correction that names nobody is not refused here: its source may hold nothing new.
    """
    person = task.by or (task.collector if before is None else None)
    reviewed = task.feed.reviewed(_next(before))
    if reviewed and person is None and before is None:
        raise CollectorRequired(feed=task.feed.id, period=str(task.period))
    if person is None:
        return None
    department = desk.catalogue.department(task.feed.department)
    if reviewed or person == task.collector:
        require_duty(department, person, Duty.COLLECT)
    if before is not None:
        require_corrector(department, person)
    return person


def _next(before: Line | None) -> int:
    return before.revision + 1 if before else 1
