"""From the freshness board to obligations: what a row of the board counts as in a bulletin.

Pure. Decides nothing about time itself: what came in time is as the board judged it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gateway.bulletin.figures import Approval, ApprovalKind, Obligation, Standing
from gateway.calendar import Period, days_over
from gateway.catalogue import Catalogue, Feed, Mode
from gateway.dunning import Notice
from gateway.envelope.manifest import Kind
from gateway.freshness import Delivery, Row, State, WaiverKind, keeps

_STANDINGS = {
    State.ON_TIME: Standing.ON_TIME,
    State.NIL_ON_TIME: Standing.ON_TIME,
    State.LATE: Standing.LATE,
    State.NIL_LATE: Standing.LATE,
    State.EXEMPT: Standing.EXEMPT,
    State.OVERDUE: Standing.MISSING,
}
_APPROVALS = {WaiverKind.EXEMPT: ApprovalKind.EXEMPT, WaiverKind.EXTENDED: ApprovalKind.EXTENDED}


def obligations_of(
    rows: Sequence[Row], catalogue: Catalogue, notices: Sequence[Notice], at: datetime
) -> Iterator[Obligation]:
    """One for each row; `at` (aware) is the moment the rows were judged at."""
    naming: dict[tuple[str, Period], set[str]] = defaultdict(set)
    for one in notices:
        for item in one.items:
            naming[item.feed, item.period].add(one.number)
    feeds = {feed.id: feed for feed in catalogue.feeds}
    for row in rows:
        yield _obligation(row, feeds[row.feed], frozenset(naming.get((row.feed, row.period), ())), at)


def standing_of(row: Row, at: datetime) -> Standing:
    """As the board says; what does not balance is judged by its first receipt, and without one by the time alone."""
    if row.state in _STANDINGS:
        return _STANDINGS[row.state]
    if row.decided_at is None:
        return Standing.OPEN if keeps(row.due, at) else Standing.MISSING
    if keeps(row.due, row.decided_at):
        return Standing.ON_TIME
    return Standing.EXEMPT if _is_exempt(row) else Standing.LATE


def _obligation(row: Row, feed: Feed, notices: frozenset[str], at: datetime) -> Obligation:
    standing = standing_of(row, at)
    deliveries = sorted(row.deliveries, key=lambda one: one.revision)
    whole = deliveries[-1:] if feed.mode is Mode.SNAPSHOT else deliveries
    arrived = standing in (Standing.ON_TIME, Standing.LATE)
    return Obligation(
        department=row.department,
        feed=row.feed,
        period=row.period,
        standing=standing,
        nil=arrived and _is_nil(deliveries),
        delay=_delay(row, standing, at),
        sent=sum(one.offered_rows for one in whole),
        returned=sum(one.problem_rows for one in whole),
        held=sum(one.net_rows for one in deliveries),
        corrections=sum(one.kind is Kind.CORRECTION for one in deliveries),
        approvals=_approvals(row, standing),
        notices=notices,
    )


def _delay(row: Row, standing: Standing, at: datetime) -> timedelta:
    """Whole days of the calendar, as the board counts them: by hours on the day itself is 0."""
    match standing:
        case Standing.LATE:
            return timedelta(days=days_over(row.due, row.decided_at or row.due))
        case Standing.MISSING:
            return timedelta(days=days_over(row.due, at))
        case _:
            return timedelta()


def _is_nil(deliveries: Sequence[Delivery]) -> bool:
    return bool(deliveries) and deliveries[-1].kind is Kind.NIL


def _is_exempt(row: Row) -> bool:
    return row.waiver is not None and row.waiver.kind is WaiverKind.EXEMPT


def _approvals(row: Row, standing: Standing) -> tuple[Approval, ...]:
    """The decision in force. An exemption that is idle, because the data came in time all the same, is not one."""
    if row.waiver is None or (_is_exempt(row) and standing is not Standing.EXEMPT):
        return ()
    return (Approval(kind=_APPROVALS[row.waiver.kind], number=row.waiver.number),)
