"""The forecast: plain medians of how the feed did before, said in a line."""

from datetime import timedelta

import pytest

from gateway.freshness import Facts, board

from .county import (
    ACCIDENTS,
    ONECARD,
    POLICE,
    at,
    county,
    delivery,
    exempt,
    facts,
    feed,
    held,
    imbalance,
    occurrence,
    stage,
)

FEED = "finance.onecard"
CATALOGUE = county(feed(FEED, starts="2026-03"))
LAGS = {"2026-03": 20, "2026-04": 12, "2026-05": 14, "2026-06": 18, "2026-07": 10, "2026-08": 16}


def history(name=FEED, lags=LAGS, hours=6):
    """Each accepted so many days after its month's end, and landed `hours` before."""
    return [
        delivery(name, period, _after(period, days), landed=_after(period, days, hours))
        for period, days in lags.items()
    ]


def _after(period, days, earlier=0):
    year, month = map(int, period.split("-"))
    moment = at(f"{year}-{month + 1:02}-01T00:00:00") + timedelta(days=days, hours=-earlier)
    return moment.replace(tzinfo=None).isoformat()


def forecast(known, moment, period="2026-09", catalogue=CATALOGUE):
    rows = board(catalogue, facts(*known), at(moment))
    return next(row.forecast for row in rows if str(row.period) == period)


def test_it_expects_the_median_of_the_last_six_and_says_so():
    found = forecast(history(), "2026-10-02T00:00:00")
    assert (found.expected_at, found.late) == (at("2026-10-16T00:00:00"), False)
    assert found.zh == "近 6 期在期末后 10.0 天至 20.0 天报送,中位 15.0 天;预计 10-16 00:00 报送,早于时限"
    assert found.en == (
        "the last 6 periods came 10.0 d to 20.0 d after their end, median 15.0 d; expected 10-16 00:00, before the due"
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-15T00:00:00", "2026-10-19T00:00:00"),  # of 16, 18 and 20 days, the middle one
        ("2026-10-19T12:00:00", "2026-10-21T00:00:00"),  # only the longest is still to come
        ("2026-10-22T00:00:00", "2026-10-28T00:00:00"),  # 6 days later than usual: as much later again
    ],
)
def test_once_the_usual_day_is_past_the_later_ones_count_and_then_as_much_again(moment, expected):
    assert forecast(history(), moment).expected_at == at(expected)


def test_what_is_later_than_ever_will_probably_miss_the_date():
    found = forecast(history(), "2026-10-25T00:00:00")
    assert (found.expected_at, found.late) == (at("2026-11-03T00:00:00"), True)
    assert found.zh.endswith("本期已比通常晚 9.0 天;预计 11-03 00:00 报送,晚于时限")


def test_a_feed_that_is_late_as_a_rule_is_foretold_late_from_the_start():
    always = dict.fromkeys(LAGS, 33)
    assert forecast(history(lags=always), "2026-10-01T00:00:00").late is True


@pytest.mark.parametrize(("count", "told"), [(2, False), (3, True)])
def test_less_than_three_past_periods_foretell_nothing(count, told):
    few = dict(list(LAGS.items())[-count:])
    assert (forecast(history(lags=few), "2026-10-02T00:00:00") is not None) is told


def test_only_the_newest_six_periods_count():
    longer = {"2026-02": 27, **LAGS}
    catalogue = county(feed(FEED, starts="2026-02"))
    found = forecast(history(lags=longer), "2026-10-02T00:00:00", catalogue=catalogue)
    assert found == forecast(history(), "2026-10-02T00:00:00")


@pytest.mark.parametrize("step", ["landed", "sealed", "released", "deferred", "admitted", "retried"])
def test_what_is_on_its_way_is_expected_a_usual_duration_later(step):
    known = [*history(), stage(FEED, "2026-09", "2026-10-31T20:00:00", step)]
    found = forecast(known, "2026-10-31T21:00:00")
    assert (found.expected_at, found.late) == (at("2026-11-01T02:00:00"), True)
    assert "通常 6.0 小时" in found.zh


def test_what_has_been_on_its_way_for_longer_than_usual_is_expected_now():
    known = [*history(), stage(FEED, "2026-09", "2026-10-20T20:00:00", "sealed")]
    found = forecast(known, "2026-10-31T21:00:00")
    assert (found.expected_at, found.late) == (at("2026-10-31T21:00:00"), False)


@pytest.mark.parametrize("step", ["refused", "unbalanced", "buried", "conflict", "held"])
def test_what_was_stopped_on_its_way_is_foretold_by_habit(step):
    known = [*history(), stage(FEED, "2026-09", "2026-10-01T20:00:00", step, "YZ-2001")]
    assert forecast(known, "2026-10-02T00:00:00").expected_at == at("2026-10-16T00:00:00")


def test_comparison_data_that_has_landed_will_not_be_late():
    name = "police.household"
    catalogue = county(feed(name, POLICE.feeds[0].schedule.newest, "2026-03"))
    known = [*history(name, dict.fromkeys(LAGS, 12)), stage(name, "2026-09", "2026-10-10T20:00:00", "landed")]
    found = forecast(known, "2026-10-10T21:00:00", catalogue=catalogue)
    assert (found.expected_at, found.late) == (at("2026-10-10T20:00:00"), False)
    assert forecast(known, "2026-10-09T21:00:00", catalogue=catalogue).late is True


def test_what_is_settled_overdue_or_to_come_has_no_forecast():
    assert forecast(history(), "2026-11-01T00:00:00") is None
    assert forecast([*history(), exempt(FEED, "2026-09", "2026-10-01T00:00:00")], "2026-10-02T00:00:00") is None
    came = delivery(FEED, "2026-09", "2026-10-05T00:00:00")
    assert forecast([*history(), came], "2026-10-06T00:00:00") is None
    failed = imbalance(FEED, "2026-09", "2026-10-05T00:00:00")
    assert forecast([*history(), failed], "2026-11-06T00:00:00") is None
    ahead = county(feed(FEED, starts="2027-03"))
    assert forecast(history(), "2026-10-06T00:00:00", "2027-03", ahead) is None


def test_what_waits_for_a_reviewer_is_foretold_like_what_has_not_come():
    known = [*history(), held(FEED, "2026-09", "2026-10-05T00:00:00")]
    assert forecast(known, "2026-10-06T00:00:00").expected_at == at("2026-10-16T00:00:00")


def test_a_forecast_knows_only_what_was_known_then():
    newer = delivery(FEED, "2026-09", "2026-10-31T00:00:00")
    for moment in ("2026-10-02T00:00:00", "2026-10-30T00:00:00"):
        assert forecast([*history(), newer], moment) == forecast(history(), moment)


def test_events_are_foretold_from_their_own_minute():
    name, days = "police.accident", ("2026-10-01", "2026-10-02", "2026-10-03")
    came = [delivery(name, f"{day}T0930", f"{day}T12:30:00") for day in days]
    happened = occurrence(name, "2026-10-08T1000", "2026-10-08T10:05:00")
    rows = board(ACCIDENTS, facts(*came, happened), at("2026-10-08T10:10:00"))
    assert rows[-1].forecast.expected_at == at("2026-10-08T13:00:00")


def test_a_feed_without_history_has_no_forecast():
    assert [row.forecast for row in board(ONECARD, Facts(), at("2026-10-15T00:00:00"))] == [None, None]
