"""Due rules, with the four feed classes of Art. 18 and the sample catalogue's own rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence, DueRule, JudgedBy, Period, due, on_time
from gateway.errors import DueRuleInvalid

MONTH_END = DueRule(
    id="month_end",
    title="月底前",
    cadence=Cadence.MONTHLY,
    months_after=1,
    day="last",
    judged_by=JudgedBy.ACCEPTED,
    article="-",
)
TENTH = replace(MONTH_END, id="tenth", day=10, judged_by=JudgedBy.LANDED)
QUARTER = replace(MONTH_END, id="quarter", cadence=Cadence.QUARTERLY)
YEAR = replace(MONTH_END, id="year", cadence=Cadence.YEARLY)
NEXT_DAY = replace(
    MONTH_END, id="next_day", cadence=Cadence.DAILY, months_after=None, day=None, days_after=1, cutoff="10:00"
)

days = st.dates(min_value=date(1901, 1, 1), max_value=date(2900, 12, 31))


@st.composite
def rules(draw):
    """Every rule that may be written."""
    cadence = draw(st.sampled_from(Cadence))
    cutoff = draw(st.sampled_from(["24:00", "00:01", "09:30", "17:00", "23:59"]))
    inclusive = draw(st.booleans())
    least = 1 if inclusive else 2
    if draw(st.booleans()):
        when = {"months_after": None, "day": None, "days_after": draw(st.integers(least, 366))}
    else:
        when = {"months_after": draw(st.integers(1, 24)), "day": draw(st.integers(least, 28) | st.just("last"))}
    return replace(MONTH_END, cadence=cadence, cutoff=cutoff, inclusive=inclusive, **when)


@pytest.mark.parametrize(
    ("rule", "period", "expected"),
    [
        (TENTH, "2017-12", "2018-01-10T23:59:59+08:00"),
        (MONTH_END, "2017-12", "2018-01-31T23:59:59+08:00"),
        (QUARTER, "2017Q4", "2018-01-31T23:59:59+08:00"),
        (QUARTER, "2018Q1", "2018-04-30T23:59:59+08:00"),
        (MONTH_END, "2024-01", "2024-02-29T23:59:59+08:00"),
        (MONTH_END, "2026-01", "2026-02-28T23:59:59+08:00"),
        (MONTH_END, "2026-10", "2026-11-30T23:59:59+08:00"),
        (MONTH_END, "2026-11", "2026-12-31T23:59:59+08:00"),
        (TENTH, "2026-09", "2026-10-10T23:59:59+08:00"),
        (QUARTER, "2026Q2", "2026-07-31T23:59:59+08:00"),
        (QUARTER, "2026Q3", "2026-10-31T23:59:59+08:00"),
        (YEAR, "2017", "2018-01-31T23:59:59+08:00"),
        (NEXT_DAY, "2024-02-28", "2024-02-29T09:59:59+08:00"),
        (NEXT_DAY, "2026-12-31", "2027-01-01T09:59:59+08:00"),
        (replace(TENTH, inclusive=False), "2017-12", "2018-01-09T23:59:59+08:00"),
        (replace(MONTH_END, inclusive=False), "2026-01", "2026-02-27T23:59:59+08:00"),
        (replace(TENTH, cutoff="17:30"), "2017-12", "2018-01-10T17:29:59+08:00"),
        (replace(TENTH, months_after=14), "2017-12", "2019-02-10T23:59:59+08:00"),
    ],
)
def test_this_period_is_due_then(rule, period, expected):
    assert due(rule, Period.parse(period)).isoformat() == expected


@given(rules(), days)
def test_a_period_is_never_due_before_it_has_ended(rule, day):
    period = Period.containing(rule.cadence, day)
    assert due(rule, period).date() >= period.end


@given(rules(), days)
def test_no_period_is_due_after_the_one_that_follows_it(rule, day):
    period = Period.containing(rule.cadence, day)
    assert due(rule, period) <= due(rule, period.next())


@given(rules(), days)
def test_the_due_second_itself_is_on_time_and_the_next_is_not(rule, day):
    period = Period.containing(rule.cadence, day)
    last = due(rule, period)
    assert on_time(rule, period, last)
    assert on_time(rule, period, last + timedelta(microseconds=999_999))
    assert not on_time(rule, period, last + timedelta(seconds=1))


def test_moments_are_compared_whatever_their_zone():
    period = Period.parse("2017-12")
    assert on_time(TENTH, period, datetime(2018, 1, 10, 15, 59, 59, tzinfo=UTC))
    assert not on_time(TENTH, period, datetime(2018, 1, 10, 16, 0, 0, tzinfo=UTC))
    assert not on_time(TENTH, period, datetime(2018, 1, 11, 0, 0, tzinfo=timezone(timedelta(hours=8))))


def test_a_moment_without_a_zone_is_not_judged():
    with pytest.raises(TypeError):
        on_time(TENTH, Period.parse("2017-12"), datetime(2018, 1, 10))


def test_the_deadline_is_beijing_time():
    assert due(TENTH, Period.parse("2017-12")).tzinfo is ASIA_SHANGHAI


def test_a_rule_judges_only_periods_of_its_cadence():
    with pytest.raises(ValueError, match="monthly"):
        due(TENTH, Period.parse("2017Q4"))


@pytest.mark.parametrize(
    "change",
    [
        {"day": None},
        {"months_after": None},
        {"days_after": 3},
        {"months_after": 0},
        {"months_after": None, "day": None, "days_after": 0},
        {"day": 0},
        {"day": 29},
        {"day": 1, "inclusive": False},
        {"months_after": None, "day": None, "days_after": 1, "inclusive": False},
        {"cutoff": "24:01"},
        {"cutoff": "00:00"},
        {"cutoff": "9:00"},
        {"cutoff": "09:60"},
    ],
)
def test_a_rule_that_names_no_day_after_the_period_is_refused(change):
    with pytest.raises(DueRuleInvalid) as refused:
        replace(TENTH, **change)
    assert "tenth" in refused.value.message("en")
