"""Periods: one written form each, and a calendar without holes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.errors import PeriodInvalid

days = st.dates(min_value=date(1901, 1, 1), max_value=date(2998, 12, 31))
RHYTHMS = [cadence for cadence in Cadence if cadence is not Cadence.EVENT]
periods = st.builds(Period.containing, st.sampled_from(RHYTHMS), days)
moments = st.datetimes(datetime(1901, 1, 1), datetime(2998, 12, 31), timezones=st.just(ASIA_SHANGHAI))
events = st.builds(Period.of_event, moments)


@given(periods | events)
def test_what_is_written_is_read_back(period):
    assert Period.parse(str(period)) == period


@given(st.sampled_from(RHYTHMS), days)
def test_every_day_lies_in_exactly_the_period_that_contains_it(cadence, day):
    period = Period.containing(cadence, day)
    assert period.start <= day < period.end
    assert Period.containing(cadence, period.start) == period
    assert Period.containing(cadence, period.end) == period.next()


@given(periods)
def test_periods_follow_each_other_without_gap_or_overlap(period):
    assert period.next().start == period.end
    assert period.previous().end == period.start
    assert period.next().previous() == period == period.previous().next()


@given(st.sampled_from(RHYTHMS), days)
def test_the_last_complete_period_had_ended_and_the_next_had_not(cadence, day):
    last = Period.last_complete(cadence, day)
    assert last.end <= day < last.next().end


@pytest.mark.parametrize(
    ("text", "cadence", "start", "last"),
    [
        ("2026-11-22", Cadence.DAILY, date(2026, 11, 22), date(2026, 11, 22)),
        ("2024-02-29", Cadence.DAILY, date(2024, 2, 29), date(2024, 2, 29)),
        ("2026-10", Cadence.MONTHLY, date(2026, 10, 1), date(2026, 10, 31)),
        ("2024-02", Cadence.MONTHLY, date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-02", Cadence.MONTHLY, date(2026, 2, 1), date(2026, 2, 28)),
        ("2100-02", Cadence.MONTHLY, date(2100, 2, 1), date(2100, 2, 28)),
        ("2017-12", Cadence.MONTHLY, date(2017, 12, 1), date(2017, 12, 31)),
        ("2026Q1", Cadence.QUARTERLY, date(2026, 1, 1), date(2026, 3, 31)),
        ("2026Q2", Cadence.QUARTERLY, date(2026, 4, 1), date(2026, 6, 30)),
        ("2026Q3", Cadence.QUARTERLY, date(2026, 7, 1), date(2026, 9, 30)),
        ("2017Q4", Cadence.QUARTERLY, date(2017, 10, 1), date(2017, 12, 31)),
        ("2026H1", Cadence.HALF_YEARLY, date(2026, 1, 1), date(2026, 6, 30)),
        ("2026H2", Cadence.HALF_YEARLY, date(2026, 7, 1), date(2026, 12, 31)),
        ("2026", Cadence.YEARLY, date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-W47", Cadence.WEEKLY, date(2026, 11, 16), date(2026, 11, 22)),
        ("2026-W01", Cadence.WEEKLY, date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-W53", Cadence.WEEKLY, date(2026, 12, 28), date(2027, 1, 3)),
        ("2024-W09", Cadence.WEEKLY, date(2024, 2, 26), date(2024, 3, 3)),
        ("2026-11-22T0930", Cadence.EVENT, date(2026, 11, 22), date(2026, 11, 22)),
        ("2024-02-29T2359", Cadence.EVENT, date(2024, 2, 29), date(2024, 2, 29)),
    ],
)
def test_a_written_period_means_these_days(text, cadence, start, last):
    period = Period.parse(text)
    assert (period.cadence, period.start, period.end) == (cadence, start, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("period", "following"),
    [
        ("2017-12", "2018-01"),
        ("2017Q4", "2018Q1"),
        ("2017H2", "2018H1"),
        ("2017", "2018"),
        ("2024-02-29", "2024-03-01"),
        ("2017-12-31", "2018-01-01"),
        ("2025-W52", "2026-W01"),
        ("2026-W53", "2027-W01"),
    ],
)
def test_the_next_period_crosses_the_year(period, following):
    assert str(Period.parse(period).next()) == following
    assert str(Period.parse(following).previous()) == period


def test_october_is_complete_on_the_first_of_november_and_not_before():
    assert str(Period.last_complete(Cadence.MONTHLY, date(2026, 10, 31))) == "2026-09"
    assert str(Period.last_complete(Cadence.MONTHLY, date(2026, 11, 1))) == "2026-10"


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-00", "2026-1", "2026Q0", "2026Q5", "2026q1", "2026-Q1", "2026H0", "2026H3", "2026-02-29",
     "2026-11-31", "202610", "26-10", " 2026-10", "2026-10 ", "2026-10\n", "二〇二六", "\uff12026-10",
     "2026\uff0d10", "\u0662026-10", "1899", "3000", "2026-10/r1", "+2026",
     "2025-W53", "2026-W00", "2026-W54", "2026-W1", "2026W47", "2026-w47", "2026-11-22T2400", "2026-11-22T0960",
     "2026-11-22T09:30", "2026-11-22 0930", "2026-11-22T093000", "2026-02-29T0930", "1899-12-31T0930"],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(PeriodInvalid) as refused:
        Period.parse(text)
    assert "应写作" in refused.value.message("zh")


@given(st.text(max_size=12))
def test_no_text_but_the_written_form_is_taken(text):
    try:
        period = Period.parse(text)
    except PeriodInvalid:
        return
    assert str(period) == text


def test_a_period_that_starts_in_its_middle_cannot_be_built():
    with pytest.raises(PeriodInvalid):
        Period(cadence=Cadence.MONTHLY, start=date(2026, 10, 15))
    with pytest.raises(PeriodInvalid):
        Period(cadence=Cadence.QUARTERLY, start=date(2026, 11, 1))


def test_time_ends_with_the_year_2999():
    with pytest.raises(PeriodInvalid):
        Period.parse("2999-12").next()


@pytest.mark.parametrize(
    ("text", "year"),
    [("2026-W01", 2026), ("2026-W53", 2026), ("2027-W01", 2027), ("2026-12-31", 2026), ("2026Q4", 2026), ("2026", 2026),
     ("2026-12-31T2359", 2026)],
)  # fmt: skip
def test_a_period_belongs_to_the_year_it_is_written_with(text, year):
    assert Period.parse(text).year == year


@given(periods | events)
def test_the_year_of_a_period_stands_first_in_its_text(period):
    assert str(period).startswith(str(period.year))


@given(st.datetimes(datetime(1992, 1, 1), datetime(2998, 12, 31), timezones=st.just(ASIA_SHANGHAI)))
def test_an_event_is_its_minute_in_beijing_whatever_the_clock_it_was_read_from(moment):
    event = Period.of_event(moment.astimezone(UTC))
    assert event == Period.of_event(moment)
    assert event.moment == moment.replace(second=0, microsecond=0)
    assert (event.start, event.minute) == (moment.date(), time(moment.hour, moment.minute))


@given(st.lists(events, min_size=2, max_size=5) | st.lists(st.builds(Period.containing, st.just(Cadence.WEEKLY), days)))
def test_texts_of_one_cadence_sort_as_the_periods_do_in_time(several):
    assert sorted(several, key=str) == sorted(several, key=lambda period: period.moment)
    assert len({len(str(period)) for period in several}) <= 1


@pytest.mark.parametrize(
    ("text", "complete"),
    [("2026-10", "2026-11-01T00:00:00+08:00"), ("2026-W47", "2026-11-23T00:00:00+08:00"),
     ("2026-11-22", "2026-11-23T00:00:00+08:00"), ("2026-11-22T0930", "2026-11-22T09:30:00+08:00")],
)  # fmt: skip
def test_a_period_is_complete_when_its_last_day_is_over_and_an_event_at_once(text, complete):
    assert Period.parse(text).complete_at.isoformat() == complete


@pytest.mark.parametrize(
    "ask",
    [Period.next, Period.previous, lambda event: Period.containing(Cadence.EVENT, event.start),
     lambda event: Period.last_complete(Cadence.EVENT, event.start)],
)  # fmt: skip
def test_events_have_no_order_of_the_calendar(ask):
    with pytest.raises(ValueError, match="an event is a period of its own"):
        ask(Period.parse("2026-11-22T0930"))


@pytest.mark.parametrize(
    ("cadence", "minute"),
    [(Cadence.EVENT, None), (Cadence.DAILY, time(9, 30)), (Cadence.EVENT, time(9, 30, 1)),
     (Cadence.EVENT, time(9, 30, tzinfo=UTC))],
)  # fmt: skip
def test_events_and_only_events_have_a_minute(cadence, minute):
    with pytest.raises(PeriodInvalid):
        Period(cadence=cadence, start=date(2026, 11, 22), minute=minute)
