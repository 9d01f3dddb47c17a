"""The board's rows, kept from scrape to scrape: what is kept is what would be made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app import open_node
from gateway.calendar import JudgedBy, Period
from gateway.catalogue import Catalogue
from gateway.envelope.manifest import Kind
from gateway.freshness import Delivery, Facts, Imbalance, Waiver, WaiverKind
from monitoring.exporter.board import feed_infos
from monitoring.exporter.metrics import PERIOD_FORECAST_LATE, PERIOD_STATE
from monitoring.exporter.point import Point
from monitoring.exporter.rows import Rows
from tests.monitoring.exporter_county import ENVIRON, at, write_site

FEEDS = ("civil.dibao", "finance.funds", "police.deaths")
PERIODS = tuple(f"2026-{month:02}" for month in range(6, 12))
BEGIN, SECOND = at("2026-10-25"), timedelta(seconds=1)
EDGES = [at(f"{day}T23:59:59") for day in ("2026-10-31", "2026-11-30", "2026-11-10", "2026-11-25", "2026-12-10")]


@pytest.fixture(scope="module")
def owed(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return open_node(write_site(tmp_path_factory.mktemp("county") / "centre", "centre"), ENVIRON).owed


def delivery(feed: str, period: str, accepted: datetime, revision: int = 1) -> Delivery:
    return Delivery(
        feed=feed, period=Period.parse(period), revision=revision, batch=f"{feed}/{period}/r{revision}", kind=Kind.DATA,
        landed_at=accepted - timedelta(hours=3), accepted_at=accepted, rows=2, amount=1_250, problem_rows=0,
        offered_rows=2, net_rows=2,
    )  # fmt: skip


moments = st.one_of(
    st.sampled_from([edge + SECOND * off for edge in EDGES for off in (-1, 0, 1, 2)]),
    st.integers(0, 50 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
)
told = st.builds(
    lambda arrived, failed, waived: Facts(
        deliveries=tuple(delivery(*one, moment) for one, moment in arrived.items()),
        imbalances=tuple(Imbalance(feed=f, period=Period.parse(p), at=moment) for (f, p), moment in failed.items()),
        waivers=tuple(
            Waiver(
                feed=f, period=Period.parse(p), at=BEGIN, kind=WaiverKind.EXTENDED, until=until, number="1", by="p101",
                reason="-", position=1,
            )
            for (f, p), until in waived.items()
        ),
    ),
    st.dictionaries(st.tuples(st.sampled_from(FEEDS), st.sampled_from(PERIODS)), moments),
    st.dictionaries(st.tuples(st.sampled_from(FEEDS), st.sampled_from(PERIODS)), moments, max_size=2),
    st.dictionaries(st.tuples(st.sampled_from(FEEDS), st.sampled_from(PERIODS)), moments, max_size=2),
)  # fmt: skip


def anew(owed: Catalogue, facts: Facts, moment: datetime) -> list[Point]:
    return [one for one in Rows(owed).points(facts, moment) if one.metric is not PERIOD_FORECAST_LATE]


def known(facts: Facts, moment: datetime) -> Facts:
    """A node never holds what is still to come; what it knows of a feed is one object until more is told of it."""
    seen = facts.known_at(moment)
    return Facts.of_feeds(dict(seen.by_feed))


@given(facts=told, steps=st.lists(moments, min_size=2, max_size=8))
def test_rows_that_were_kept_are_those_that_would_be_made_anew_whenever_asked(
    owed: Catalogue, facts: Facts, steps: Sequence[datetime]
) -> None:
    held = known(facts, min(steps))
    kept = Rows(owed)
    for moment in steps:  # in any order: clocks are set back
        made = [one for one in kept.points(held, moment) if one.metric is not PERIOD_FORECAST_LATE]
        assert made == anew(owed, held, moment)


@pytest.mark.parametrize("edge", EDGES)
def test_a_state_changes_at_the_very_second(owed: Catalogue, edge: datetime) -> None:
    kept, facts = Rows(owed), Facts()
    for moment in (edge - SECOND, edge, edge + SECOND, edge + 2 * SECOND):
        made = [one for one in kept.points(facts, moment) if one.metric is PERIOD_STATE]
        assert made == [one for one in anew(owed, facts, moment) if one.metric is PERIOD_STATE]


def test_points_that_did_not_change_are_the_same_objects_and_nothing_is_older_than_ten_minutes(
    owed: Catalogue,
) -> None:
    kept, facts = Rows(owed), Facts(deliveries=(delivery("civil.dibao", "2026-09", at("2026-10-20")),))
    now = at("2026-11-15T10:00")
    first = list(kept.points(facts, now))
    at_once = list(kept.points(facts, now + 30 * SECOND))
    assert [one is other for one, other in zip(first, at_once, strict=True)] == [True] * len(first)
    later = list(kept.points(facts, now + timedelta(minutes=10)))
    assert later == first
    assert [one is other for one, other in zip(first, later, strict=True)] == [False] * len(first)


def test_one_feed_s_news_leave_the_others_as_they_are(owed: Catalogue) -> None:
    before = Facts(deliveries=(delivery("civil.dibao", "2026-09", at("2026-10-20")),))
    news = Facts(deliveries=(delivery("finance.funds", "2026-10", at("2026-11-15T09:00")),)).by_feed
    after = Facts.of_feeds({**before.by_feed, **news})
    kept, now = Rows(owed), at("2026-11-15T10:00")
    first = {id(one) for one in kept.points(before, now)}
    second = list(kept.points(after, now + SECOND))
    assert {one.labels[0] for one in second if id(one) not in first} == {"finance.funds"}


def test_a_rule_that_is_to_come_is_said_from_its_day_on(owed: Catalogue) -> None:
    feed = owed.feeds[0]
    (old,) = feed.schedule.rules
    new = replace(old, effective=date(2026, 12, 1), judged_by=JudgedBy.LANDED, article="第十九条")
    catalogue = replace(owed, feeds=(replace(feed, schedule=replace(feed.schedule, rules=(old, new))),))
    said = {
        moment: [point.labels[-2:] for point in feed_infos(catalogue, at(moment))]
        for moment in ("2026-11-30T23:59:59", "2026-12-01T00:00:00")
    }
    assert said == {
        "2026-11-30T23:59:59": [(old.judged_by, old.article)],
        "2026-12-01T00:00:00": [(JudgedBy.LANDED, "第十九条")],
    }
