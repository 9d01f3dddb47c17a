"""No board of a past moment ever changes: whatever becomes known later, of whatever kind, for any moment."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.envelope.manifest import Kind
from gateway.freshness import (
    Delivery,
    Facts,
    Held,
    Imbalance,
    Occurrence,
    Stage,
    Step,
    Waiver,
    WaiverKind,
    board,
    every_period,
    last_attempts,
    obligations,
)

from .county import EVENT, MONTH_END, TENTH_LANDED, county, feed

COUNTY = county(
    feed("finance.onecard", MONTH_END, "2026-03"),
    feed("police.household", TENTH_LANDED, "2026-03"),
    feed("police.accident", EVENT, "2026-03-01T0000"),
)
MONTHS = [Period.parse(f"2026-{month:02}") for month in range(3, 10)]
EVENTS = [Period.parse(f"2026-{month:02}-11T0930") for month in range(3, 10)]

moments = st.datetimes(datetime(2026, 4, 1), datetime(2026, 12, 1), timezones=st.just(ASIA_SHANGHAI))
places = st.one_of(
    st.tuples(st.sampled_from(["finance.onecard", "police.household"]), st.sampled_from(MONTHS)),
    st.tuples(st.just("police.accident"), st.sampled_from(EVENTS)),
)


@st.composite
def told(draw):
    """One fact of any kind, and the moment from which this node knew it."""
    (name, period), known = draw(places), draw(moments)
    place = {"feed": name, "period": period}
    kind = draw(st.sampled_from([Delivery, Imbalance, Held, Occurrence, Waiver, Stage]))
    if kind is Delivery:
        return _delivery(draw, place, known), known
    if kind is Held:
        ended = known + draw(st.timedeltas(timedelta(), timedelta(days=30)))
        return Held(**place, since=known - timedelta(days=1), until=ended, heard_at=known), known
    if kind is Waiver:
        return _waiver(draw, place, known), known
    if kind is Stage:
        return Stage(**place, at=known, step=draw(st.sampled_from(Step)), code=None), known
    return kind(**place, at=known), known


def _delivery(draw, place, known):
    revision = draw(st.integers(1, 3))
    return Delivery(
        **place, revision=revision, batch=f"{place['feed']}/{place['period']}/r{revision}",
        kind=draw(st.sampled_from(Kind)), landed_at=known - draw(st.timedeltas(timedelta(), timedelta(days=20))),
        accepted_at=known - timedelta(minutes=5), rows=draw(st.integers(0, 9)), amount=None, problem_rows=0,
        offered_rows=9, net_rows=1, skew=draw(st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=2))),
        heard_at=known,
    )  # fmt: skip


def _waiver(draw, place, known):
    ended = draw(st.none() | st.timedeltas(timedelta(), timedelta(days=60)))
    kind = draw(st.sampled_from(WaiverKind))
    until = known + timedelta(days=40) if kind is WaiverKind.EXTENDED else None
    return Waiver(
        **place, at=known, kind=kind, until=until, number="1号", by="p101", reason="-",
        position=draw(st.integers(1, 10**6)), withdrawn_at=None if ended is None else known + ended,
    )  # fmt: skip


def all_of(ones):
    kinds = {
        "deliveries": Delivery, "imbalances": Imbalance, "held": Held, "occurrences": Occurrence, "waivers": Waiver,
        "stages": Stage,
    }  # fmt: skip
    return Facts(**{name: tuple(one for one in ones if isinstance(one, kind)) for name, kind in kinds.items()})


def as_told_then(one, at):
    """What this node could say of it at `at`: not how it would end."""
    if isinstance(one, Waiver) and one.withdrawn_at is not None and one.withdrawn_at > at:
        return replace(one, withdrawn_at=None)
    if isinstance(one, Held) and one.until is not None and one.until > at:
        return replace(one, until=None)
    return one


def seen(facts, at):
    """Everything that can be asked of a moment."""
    quarter = Period.parse("2026Q3")
    return (
        board(COUNTY, facts, at),
        every_period(COUNTY, facts, at),
        obligations(COUNTY, facts, at, quarter),
        last_attempts(facts, at),
    )


@given(st.lists(told(), max_size=25), moments)
def test_what_becomes_known_later_changes_no_board_of_a_past_moment(history, at):
    everything = all_of([one for one, _ in history])
    then = all_of([as_told_then(one, at) for one, known in history if known <= at])
    assert seen(everything, at) == seen(then, at)


@given(st.lists(told(), max_size=25), moments)
def test_facts_kept_feed_by_feed_give_the_board_that_all_of_them_give(history, at):
    everything = all_of([one for one, _ in history])
    by_feed = {name: all_of([one for one, _ in history if one.feed == name]) for name in everything.by_feed}
    assert seen(Facts.of_feeds(by_feed), at) == seen(everything, at)


@given(st.lists(told(), max_size=25), moments)
def test_every_row_says_one_thing_and_no_two_rows_are_of_one_period(history, at):
    rows = every_period(COUNTY, all_of([one for one, _ in history]), at)
    places = [(row.feed, row.period) for row in rows]
    assert len(places) == len(set(places))
    assert {(row.feed, row.period) for row in board(COUNTY, all_of([one for one, _ in history]), at)} <= set(places)
    for row in rows:
        assert (row.receipted_at is None) == (not row.deliveries) == (row.batch is None) == (row.decided_at is None)
        assert row.forecast is None or (row.due > at - timedelta(seconds=1) and row.forecast.expected_at is not None)
