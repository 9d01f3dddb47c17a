"""The judgement: which periods are shown, and in which state each of them is.

Owns the rules that decide on time and late. It must never ask whether, when or how often a job ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from gateway.calendar import ASIA_SHANGHAI, JudgedBy, Period, due, on_time
from gateway.catalogue import Catalogue, Feed, Mode
from gateway.envelope.manifest import Kind
from gateway.freshness.facts import Delivery, Facts
from gateway.freshness.row import Row, State

DUE_SOON = timedelta(days=5)

_NOTHING = Facts()

# (a nil return, in time): a declared nothing is judged like any other report
_ARRIVED = {
    (False, True): State.ON_TIME,
    (False, False): State.LATE,
    (True, True): State.NIL_ON_TIME,
    (True, False): State.NIL_LATE,
}


def board(catalogue: Catalogue, facts: Facts, at: datetime) -> tuple[Row, ...]:
    """Every feed's open and latest periods as they stood at `at` (aware), using only what was known then.

    Ordered by department as in the catalogue, then feed, then period; which periods, see `listed`.
    """
    by_feed = _by_feed(facts.known_at(at))
    place = {department.id: i for i, department in enumerate(catalogue.departments)}
    feeds = sorted(catalogue.feeds, key=lambda feed: place[feed.department])
    return tuple(row for feed in feeds for row in _rows(feed, by_feed.get(feed.id, {}), at))


def listed(feed: Feed, facts: Mapping[Period, Facts], at: datetime) -> tuple[Period, ...]:
    """The periods of a feed that a board at `at` shows, oldest first; `facts` are those known at `at`, by period.

    * every period that has ended, from `feed.starts` on, without a receipt: it is owed, however old;
    * every period with a receipt whose newest attempt did not balance;
    * the newest period with a receipt;
    * the running period, or `feed.starts` where that lies ahead: so each feed is on the board.
    """
    today = at.astimezone(ASIA_SHANGHAI).date()
    running = Period.containing(feed.rule.cadence, today)
    receipted = {period for period, known in facts.items() if known.deliveries}
    shown = {period for period in _from(feed.starts, running) if period not in receipted}
    shown |= {period for period in receipted if _unsettled(facts[period])}
    shown |= {max(receipted, key=_by_start)} if receipted else set()
    shown.add(max(running, feed.starts, key=_by_start))
    return tuple(sorted(shown, key=_by_start))


def judge(feed: Feed, period: Period, facts: Facts, at: datetime) -> Row:
    """One period of one feed at `at`; `facts` are those of this feed and period known at `at`."""
    owed = Row(
        feed=feed.id,
        department=feed.department,
        title=feed.title,
        period=period,
        due=due(feed.rule, period),
        state=_state(feed, period, facts, at),
    )
    if not facts.deliveries:
        return owed
    first, newest = _first(facts), _newest(facts)
    counted = facts.deliveries if feed.mode is Mode.INCREMENT else (newest,)
    amounts = [one.amount for one in counted if one.amount is not None]
    return replace(
        owed,
        receipted_at=first.accepted_at,
        landed_at=first.landed_at,
        revision=newest.revision,
        rows=sum(one.rows for one in counted),
        amount=sum(amounts) if amounts else None,
        problem_rows=sum(one.problem_rows for one in counted),
        batch=newest.batch,
    )


def _rows(feed: Feed, facts: Mapping[Period, Facts], at: datetime) -> Iterator[Row]:
    # a rule may have had another cadence once: what was delivered under it is history, not on today's board
    current = {period: known for period, known in facts.items() if period.cadence is feed.rule.cadence}
    for period in listed(feed, current, at):
        yield judge(feed, period, current.get(period, _NOTHING), at)


def _state(feed: Feed, period: Period, facts: Facts, at: datetime) -> State:
    if _unsettled(facts):
        return State.UNBALANCED
    if facts.deliveries:
        in_time = on_time(feed.rule, period, _decisive(feed, _first(facts)))
        return _ARRIVED[_newest(facts).kind is Kind.NIL, in_time]
    if not on_time(feed.rule, period, at):
        return State.OVERDUE
    if facts.held:
        return State.HELD
    ended = period.end <= at.astimezone(ASIA_SHANGHAI).date()
    return State.DUE_SOON if ended and due(feed.rule, period) - at <= DUE_SOON else State.NOT_DUE


def _first(facts: Facts) -> Delivery:
    """The first acceptance decides on time or late; corrections after it do not (Art. 20 asks for them)."""
    return min(facts.deliveries, key=lambda one: one.accepted_at)


def _newest(facts: Facts) -> Delivery:
    return max(facts.deliveries, key=lambda one: one.revision)


def _decisive(feed: Feed, first: Delivery) -> datetime:
    """基础比对数据 has done its duty once it is on the front-end machine (Art. 18); all else once the centre has it."""
    return first.landed_at if feed.rule.judged_by is JudgedBy.LANDED else first.accepted_at


def _unsettled(facts: Facts) -> bool:
    """An attempt failed to balance, and no receipt has come since (one of the same moment counts)."""
    settled = max((one.accepted_at for one in facts.deliveries), default=None)
    return any(settled is None or one.at > settled for one in facts.imbalances)


def _from(starts: Period, running: Period) -> Iterator[Period]:
    """The ended periods from `starts` on."""
    period = starts
    while period.start < running.start:
        yield period
        period = period.next()


def _by_start(period: Period) -> date:
    return period.start


def _by_feed(facts: Facts) -> dict[str, dict[Period, Facts]]:
    grouped: dict[str, dict[Period, Facts]] = defaultdict(dict)
    for one in facts.deliveries:
        known = grouped[one.feed].get(one.period, _NOTHING)
        grouped[one.feed][one.period] = replace(known, deliveries=(*known.deliveries, one))
    for failed in facts.imbalances:
        known = grouped[failed.feed].get(failed.period, _NOTHING)
        grouped[failed.feed][failed.period] = replace(known, imbalances=(*known.imbalances, failed))
    for waiting in facts.held:
        known = grouped[waiting.feed].get(waiting.period, _NOTHING)
        grouped[waiting.feed][waiting.period] = replace(known, held=(*known.held, waiting))
    return grouped
