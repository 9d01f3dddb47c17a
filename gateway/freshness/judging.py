"""The judgement of one period of one feed: its state, and by which of its times.

Owns the rules that decide on time and late. It must never ask whether, when or how often a job ran.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.calendar import ASIA_SHANGHAI, JudgedBy, Period
from gateway.catalogue import Feed, Mode
from gateway.envelope.manifest import Kind
from gateway.freshness.facts import Delivery, Facts, Waiver, WaiverKind
from gateway.freshness.row import Reminder, Row, State

SKEW_TOLERATED = timedelta(seconds=60)
"""A sender's clock this far off still counts as right; beyond it, the moment it signed is corrected."""

_SECOND = timedelta(seconds=1)

# (a nil return, in time): a declared nothing is judged like any other report
_ARRIVED = {
    (False, True): State.ON_TIME,
    (False, False): State.LATE,
    (True, True): State.NIL_ON_TIME,
    (True, False): State.NIL_LATE,
}


def judge(feed: Feed, period: Period, facts: Facts, at: datetime) -> Row:
    """One period of one feed at `at`; `facts` are those of this feed and period known at `at`."""
    rule_due, waiver = feed.schedule.due(period), in_force(facts)
    due = max(rule_due, waiver.until) if waiver and waiver.until else rule_due
    row = Row(
        feed=feed.id,
        department=feed.department,
        title=feed.title,
        period=period,
        due=due,
        rule_due=rule_due,
        state=State.NOT_DUE,
        waiver=waiver,
        held_since=min((one.since for one in facts.held), default=None),
    )
    return _arrived(row, feed, facts) if facts.deliveries else _awaited(row, feed, facts, at)


def in_force(facts: Facts) -> Waiver | None:
    """What was decided of a period: an exemption before an extension, of several extensions the one entered last."""
    exempt = (one for one in facts.waivers if one.kind is WaiverKind.EXEMPT)
    return next(exempt, None) or max(facts.waivers, key=lambda one: (one.at, one.position), default=None)


def unsettled(facts: Facts) -> bool:
    """An attempt failed to balance, and no receipt has come since (one of the same moment counts)."""
    if not facts.imbalances:
        return False
    settled = max((one.known_from for one in facts.deliveries), default=None)
    return any(settled is None or one.at > settled for one in facts.imbalances)


def over(period: Period, at: datetime) -> bool:
    """Whether a period has ended, or an event happened, by `at`."""
    return period.moment <= at if period.minute else period.end <= at.astimezone(ASIA_SHANGHAI).date()


def first_of(facts: Facts) -> Delivery:
    """The first acceptance decides on time or late; corrections after it do not (Art. 20 asks for them)."""
    return min(facts.deliveries, key=lambda one: one.accepted_at)


def decisive(feed: Feed, one: Delivery) -> datetime:
    """基础比对数据 has done its duty once it is on the front-end machine (Art. 18); all else once the centre has it.

    It was on the machine before the centre had it, whatever the sender's clock said.
    """
    if feed.schedule.rule_of(one.period).judged_by is JudgedBy.ACCEPTED:
        return one.accepted_at
    return min(corrected(one) or one.landed_at, one.accepted_at)


def corrected(one: Delivery) -> datetime | None:
    """When it landed by the centre's clock, where the sender's was too far off to be relied on; else None."""
    if one.skew is None or abs(one.skew) <= SKEW_TOLERATED:
        return None
    return one.landed_at - one.skew


def keeps(due: datetime, moment: datetime) -> bool:
    """Whether `moment` lies before the cut-off: fractions of the due second still count."""
    return moment < due + _SECOND


def _arrived(row: Row, feed: Feed, facts: Facts) -> Row:
    revisions = tuple(sorted(facts.deliveries, key=lambda one: one.revision))
    first, newest = first_of(facts), revisions[-1]
    counted = revisions if feed.mode is Mode.INCREMENT else (newest,)
    amounts = [one.amount for one in counted if one.amount is not None]
    by_landing = feed.schedule.rule_of(row.period).judged_by is JudgedBy.LANDED
    return replace(
        row,
        state=_state_arrived(row, facts, newest, decisive(feed, first)),
        receipted_at=first.accepted_at,
        landed_at=first.landed_at,
        landed_corrected=corrected(first) if by_landing else None,
        decided_at=decisive(feed, first),
        revision=newest.revision,
        rows=sum(one.rows for one in counted),
        amount=sum(amounts) if amounts else None,
        problem_rows=sum(one.problem_rows for one in counted),
        batch=newest.batch,
        deliveries=revisions,
    )


def _state_arrived(row: Row, facts: Facts, newest: Delivery, decided: datetime) -> State:
    if unsettled(facts):
        return State.UNBALANCED
    in_time = keeps(row.due, decided)
    if not in_time and row.waiver is not None and row.waiver.kind is WaiverKind.EXEMPT:
        return State.EXEMPT
    return _ARRIVED[newest.kind is Kind.NIL, in_time]


def _awaited(row: Row, feed: Feed, facts: Facts, at: datetime) -> Row:
    stage = facts.last_stage
    if row.waiver is not None and row.waiver.kind is WaiverKind.EXEMPT:
        return replace(row, state=State.EXEMPT, stage=stage)
    ladder = _ladder(row, feed) if over(row.period, at) else ()
    reached = [rung.days for rung in ladder if rung.at <= at] if keeps(row.due, at) else []
    return replace(
        row,
        state=_state_awaited(row, facts, at, reached),
        stage=stage,
        reminders=ladder,
        reminder=min(reached, default=None),
    )


def _state_awaited(row: Row, facts: Facts, at: datetime, reached: list[int]) -> State:
    if unsettled(facts):
        return State.UNBALANCED
    if not keeps(row.due, at):
        return State.OVERDUE
    if facts.held:
        return State.HELD
    return State.DUE_SOON if reached else State.NOT_DUE


def _ladder(row: Row, feed: Feed) -> tuple[Reminder, ...]:
    days = feed.schedule.rule_of(row.period).remind_days
    return tuple(Reminder(days=each, at=row.due - timedelta(days=each)) for each in days)
