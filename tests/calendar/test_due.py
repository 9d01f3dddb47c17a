"""Due rules, with the four feed classes of Art. 18 and the sample catalogue's own rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence, DueRule, JudgedBy, Period, Shift, WorkingDays, deadline, readings
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

WEEK = replace(NEXT_DAY, id="week", cadence=Cadence.WEEKLY, days_after=3, cutoff="12:00")
WITHIN = replace(MONTH_END, id="within", cadence=Cadence.EVENT, months_after=None, day=None, workdays_after=3)
HOURS = replace(WITHIN, id="hours", workdays_after=None, hours_after=24)
RHYTHMS = [cadence for cadence in Cadence if cadence is not Cadence.EVENT]

days = st.dates(min_value=date(1901, 1, 1), max_value=date(2900, 12, 31)) | st.dates(
    date(2004, 1, 1), date(2027, 12, 31)
)
minutes = st.times().map(lambda time: time.replace(second=0, microsecond=0))


def due(rule, period):
    return deadline(rule, period, WorkingDays()).at


def on_time(rule, period, moment):
    return deadline(rule, period, WorkingDays()).keeps(moment)


@st.composite
def periods(draw, cadence):
    """A period of a cadence."""
    if cadence is Cadence.EVENT:
        return Period.of_event(datetime.combine(draw(days), draw(minutes), ASIA_SHANGHAI))
    return Period.containing(cadence, draw(days))


@st.composite
def rules(draw, cadences=tuple(Cadence)):
    """Every rule that may be written."""
    cadence = draw(st.sampled_from(cadences))
    cutoff = draw(st.sampled_from(["24:00", "00:01", "09:30", "17:00", "23:59"]))
    rule = replace(MONTH_END, cadence=cadence, cutoff=cutoff)
    kinds = ["month", "days", "workdays"] + ["hours"] * (cadence is Cadence.EVENT)
    kind = draw(st.sampled_from(kinds))
    none = {"months_after": None, "day": None}
    if kind == "hours":
        return replace(rule, **none, cutoff="24:00", hours_after=draw(st.integers(1, 8784)))
    if kind == "workdays":
        return replace(rule, **none, workdays_after=draw(st.integers(1, 30)))
    inclusive = draw(st.booleans())
    least = 1 if inclusive else 2
    when = {"shift": draw(st.sampled_from(Shift)), "inclusive": inclusive}
    if kind == "days":
        return replace(rule, **none, **when, days_after=draw(st.integers(least, 366)))
    return replace(
        rule, **when, months_after=draw(st.integers(1, 24)), day=draw(st.integers(least, 28) | st.just("last"))
    )


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
        (WEEK, "2026-W47", "2026-11-25T11:59:59+08:00"),
        (WEEK, "2026-W53", "2027-01-06T11:59:59+08:00"),
        (WEEK, "2024-W08", "2024-02-28T11:59:59+08:00"),
        (replace(WEEK, days_after=4), "2024-W08", "2024-02-29T11:59:59+08:00"),
        (replace(TENTH, cadence=Cadence.WEEKLY), "2026-W01", "2026-02-10T23:59:59+08:00"),
        (replace(TENTH, cadence=Cadence.HALF_YEARLY), "2026H1", "2026-07-10T23:59:59+08:00"),
        (replace(TENTH, cadence=Cadence.HALF_YEARLY), "2026H2", "2027-01-10T23:59:59+08:00"),
        (WITHIN, "2026-11-20T0930", "2026-11-25T23:59:59+08:00"),
        (WITHIN, "2026-11-21T0930", "2026-11-25T23:59:59+08:00"),
        (WITHIN, "2026-09-30T2359", "2026-10-10T23:59:59+08:00"),
        (WITHIN, "2026-02-13T0000", "2026-02-25T23:59:59+08:00"),
        (replace(WITHIN, cutoff="17:00"), "2026-11-20T1830", "2026-11-25T16:59:59+08:00"),
        (HOURS, "2026-11-22T0930", "2026-11-23T09:30:00+08:00"),
        (HOURS, "2024-02-28T2359", "2024-02-29T23:59:00+08:00"),
        (replace(HOURS, hours_after=2), "2026-12-31T2300", "2027-01-01T01:00:00+08:00"),
    ],
)
def test_this_period_is_due_then(rule, period, expected):
    assert due(rule, Period.parse(period)).isoformat() == expected


@given(st.data(), rules())
def test_a_period_is_never_due_before_it_has_ended(data, rule):
    period = data.draw(periods(rule.cadence))
    assert due(rule, period) >= period.complete_at
    assert rule.hours_after or due(rule, period).date() >= period.end


@given(st.data(), rules(RHYTHMS))
def test_no_period_is_due_after_the_one_that_follows_it(data, rule):
    """But for `days_after` with `tax_style`: a long holiday may push one past the next."""
    assume(rule.shift is not Shift.TAX_STYLE or rule.days_after is None)
    period = data.draw(periods(rule.cadence))
    assert due(rule, period) <= due(rule, period.next())


@given(st.data(), rules())
def test_the_due_second_itself_is_on_time_and_the_next_is_not(data, rule):
    period = data.draw(periods(rule.cadence))
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
        {"workdays_after": 3},
        {"hours_after": 3},
        {"months_after": None},
        {"months_after": None, "day": None, "workdays_after": 0},
        {"months_after": None, "day": None, "days_after": 2, "workdays_after": 2},
        {"months_after": None, "day": None, "workdays_after": 3, "inclusive": False},
        {"months_after": None, "day": None, "workdays_after": 3, "shift": Shift.NEXT_WORKDAY},
        {"months_after": None, "day": None, "hours_after": 24},
        {"months_after": None, "day": None, "hours_after": 24, "cadence": Cadence.EVENT, "cutoff": "17:00"},
        {"months_after": None, "day": None, "hours_after": 24, "cadence": Cadence.EVENT, "shift": Shift.HOLIDAY_ONLY},
        {"remind_days": ()},
        {"remind_days": (1, 3, 5)},
        {"remind_days": (5, 5)},
        {"remind_days": (5, 3, 0)},
        {"remind_days": (7, 5, 3, 1)},
        {"effective": date(2026, 7, 2)},
        {"effective": date(2026, 7, 7), "cadence": Cadence.WEEKLY},
        {"effective": date(2026, 8, 1), "cadence": Cadence.QUARTERLY},
    ],
)
def test_a_rule_that_names_no_day_after_the_period_is_refused(change):
    with pytest.raises(DueRuleInvalid) as refused:
        replace(TENTH, **change)
    assert "tenth" in refused.value.message("en")


@pytest.mark.parametrize(
    ("rule", "period", "expected"),
    [
        (TENTH, "2026-11", (date(2026, 12, 10), date(2026, 12, 9))),
        (replace(TENTH, inclusive=False), "2026-11", (date(2026, 12, 10), date(2026, 12, 9))),
        (replace(TENTH, day=1), "2026-11", (date(2026, 12, 1), date(2026, 11, 30))),
        (MONTH_END, "2026-11", None),
        (NEXT_DAY, "2026-11-22", None),
        (WITHIN, "2026-11-22T0930", None),
    ],
)
def test_a_day_of_the_month_is_read_in_two_ways(rule, period, expected):
    assert readings(rule, Period.parse(period)) == expected


def test_the_reading_that_a_rule_takes_is_its_day():
    period = Period.parse("2026-11")
    including, excluding = readings(TENTH, period)
    assert due(TENTH, period).date() == including
    assert due(replace(TENTH, inclusive=False), period).date() == excluding


def test_hours_are_hours_where_the_clock_was_put_forward():
    assert due(HOURS, Period.parse("1986-05-03T1000")).isoformat() == "1986-05-04T11:00:00+09:00"
