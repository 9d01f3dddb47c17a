"""Where a last day goes that is no working day: each policy, the published tax deadlines, and years nobody knows."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.calendar import (
    ASIA_SHANGHAI,
    Arrangement,
    Cadence,
    DayKind,
    DueRule,
    Holiday,
    JudgedBy,
    Period,
    Shift,
    WorkingDays,
    deadline,
)

OFFICIAL = WorkingDays()
TENTH = DueRule(
    id="tenth", title="-", cadence=Cadence.MONTHLY, months_after=1, day=10, judged_by=JudgedBy.ACCEPTED, article="-"
)
MONTH_END = replace(TENTH, id="month_end", day="last")
TAX = replace(TENTH, id="tax", day=15, shift=Shift.TAX_STYLE)
WITHIN = replace(TENTH, id="within", months_after=None, day=None, workdays_after=3)
SHIFTS = [shift for shift in Shift if shift is not Shift.NONE]
DAY = timedelta(days=1)


def day_of(rule, period, working=OFFICIAL):
    return deadline(rule, Period.parse(period), working).day.isoformat()


@pytest.mark.parametrize(
    ("rule", "period", "none", "next_workday", "previous_workday", "holiday_only", "tax_style"),
    [
        # 2026-01-10 is a Saturday at rest; 1 to 3 January are the three days of a holiday
        (TENTH, "2025-12", "2026-01-10", "2026-01-12", "2026-01-09", "2026-01-10", "2026-01-14"),
        # 2026-01-31 a Saturday at rest
        (MONTH_END, "2025-12", "2026-01-31", "2026-02-02", "2026-01-30", "2026-01-31", "2026-02-04"),
        # 2026-02-28 a Saturday that is worked; nine days of holiday before it
        (MONTH_END, "2026-01", "2026-02-28", "2026-02-28", "2026-02-28", "2026-02-28", "2026-03-12"),
        # 2026-02-10 with the holiday still ahead
        (TENTH, "2026-01", "2026-02-10", "2026-02-10", "2026-02-10", "2026-02-10", "2026-02-10"),
        # 2026-05-10 a Sunday at rest, 9 May a Saturday that is worked; 1 to 5 May a holiday
        (TENTH, "2026-04", "2026-05-10", "2026-05-11", "2026-05-09", "2026-05-10", "2026-05-15"),
        # 2026-10-10 a Saturday that is worked; 1 to 7 October a holiday
        (TENTH, "2026-09", "2026-10-10", "2026-10-10", "2026-10-10", "2026-10-10", "2026-10-20"),
        # the last day inside the holiday: a Saturday of it too
        (replace(TENTH, day=3), "2026-09", "2026-10-03", "2026-10-08", "2026-10-03", "2026-10-08", "2026-10-10"),
        # quarter's end: 2026-10-31 a Saturday at rest
        (replace(MONTH_END, cadence=Cadence.QUARTERLY), "2026Q3", "2026-10-31", "2026-11-02", "2026-10-30",
         "2026-10-31", "2026-11-10"),
        # quarter's end on a holiday that begins a week: 2025-01-31 lies in the spring festival
        (replace(MONTH_END, cadence=Cadence.QUARTERLY), "2024Q4", "2025-01-31", "2025-02-05", "2025-01-27",
         "2025-02-05", "2025-02-08"),
        # 2024-02-29 a Thursday, worked; 10 to 17 February a holiday
        (MONTH_END, "2024-01", "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-29", "2024-03-12"),
        # year's end into a year nobody knows: 2027-01-10 and 2027-01-31 are Sundays, and nothing moves
        (TENTH, "2026-12", "2027-01-10", "2027-01-10", "2027-01-10", "2027-01-10", "2027-01-10"),
        (replace(MONTH_END, cadence=Cadence.YEARLY), "2026", "2027-01-31", "2027-01-31", "2027-01-31", "2027-01-31",
         "2027-01-31"),
    ],
)  # fmt: skip
def test_each_policy_moves_the_day_its_own_way(
    rule, period, none, next_workday, previous_workday, holiday_only, tax_style
):
    found = {shift.value: day_of(replace(rule, shift=shift), period) for shift in Shift}
    assert found == {
        "none": none, "next_workday": next_workday, "previous_workday": previous_workday,
        "holiday_only": holiday_only, "tax_style": tax_style,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("period", "published"),
    [
        ("2013-09", "2013-10-24"), ("2018-09", "2018-10-24"), ("2019-09", "2019-10-24"), ("2021-09", "2021-10-26"),
        ("2022-09", "2022-10-25"), ("2023-09", "2023-10-23"), ("2021-04", "2021-05-21"), ("2022-04", "2022-05-19"),
        ("2023-04", "2023-05-18"), ("2024-04", "2024-05-22"), ("2024-01", "2024-02-23"), ("2025-12", "2026-01-20"),
    ],
)  # fmt: skip
def test_tax_style_gives_the_deadlines_that_were_published(period, published):
    """征期日历 of the tax authority, for what is owed by the 15th."""
    assert day_of(TAX, period) == published


@pytest.mark.parametrize(("day", "expected"), [(1, "2025-10-09"), (2, "2025-10-09"), (3, "2025-10-11")])
def test_tax_style_counts_a_holiday_only_from_three_of_its_days_within_the_time_allowed(day, expected):
    """1 to 8 October 2025 is a holiday; 11 October is a Saturday that is worked."""
    assert day_of(replace(TAX, day=day), "2025-09") == expected


def test_a_last_day_that_excludes_its_number_shifts_from_the_day_before():
    rule = replace(TENTH, inclusive=False, shift=Shift.PREVIOUS_WORKDAY)
    assert day_of(replace(rule, day=11), "2025-12") == "2026-01-09"
    assert day_of(replace(rule, day=11, shift=Shift.NEXT_WORKDAY), "2025-12") == "2026-01-12"


def test_a_shift_keeps_the_time_of_day():
    rule = replace(TENTH, cutoff="17:00", shift=Shift.NEXT_WORKDAY)
    assert deadline(rule, Period.parse("2025-12"), OFFICIAL).at.isoformat() == "2026-01-12T16:59:59+08:00"


def test_a_deadline_says_which_day_was_named_and_what_moved_it():
    moved = deadline(replace(TENTH, shift=Shift.NEXT_WORKDAY), Period.parse("2025-12"), OFFICIAL)
    stands = deadline(replace(TENTH, shift=Shift.NEXT_WORKDAY), Period.parse("2026-09"), OFFICIAL)
    assert (moved.named, moved.day, moved.shift) == (date(2026, 1, 10), date(2026, 1, 12), Shift.NEXT_WORKDAY)
    assert (stands.named, stands.day, stands.shift) == (date(2026, 10, 10), date(2026, 10, 10), None)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2026-09", "2026-10-10"),  # 8 and 9 October, and the Saturday that is worked
        ("2025-12", "2026-01-06"),  # the holiday, then the Sunday that is worked
        ("2026-01", "2026-02-04"),
        ("2024-01", "2024-02-04"),  # Sunday 4 February is worked
    ],
)
def test_working_days_are_counted_after_the_last_day(period, expected):
    assert day_of(WITHIN, period) == expected


@pytest.mark.parametrize(
    ("rule", "period", "unknown"),
    [
        (replace(TENTH, shift=Shift.NEXT_WORKDAY), "2026-12", 2027),
        (replace(TENTH, shift=Shift.NEXT_WORKDAY), "2026-11", None),
        (TENTH, "2026-12", None),
        (WITHIN, "2026-12", 2027),
        (WITHIN, "2026-11", None),
        (TAX, "2026-12", 2027),
        (TAX, "2003-11", 2003),
        (replace(TAX, months_after=2), "2003-11", 2003),
        (replace(TAX, months_after=2), "2026-11", 2027),
        (replace(TENTH, months_after=4, shift=Shift.NEXT_WORKDAY), "2026-10", 2027),
        (replace(MONTH_END, shift=Shift.NEXT_WORKDAY), "2026-11", None),
        (replace(WITHIN, workdays_after=30), "2026-11", 2027),
    ],
)
def test_a_year_that_was_needed_and_nobody_knows_is_told(rule, period, unknown):
    assert deadline(rule, Period.parse(period), OFFICIAL).unknown_year == unknown


def test_once_the_office_states_the_year_the_day_moves():
    y2027 = Arrangement(
        year=2027, complete=True, holidays=(Holiday(first=date(2027, 1, 1), last=date(2027, 1, 3), title="元旦"),),
        workdays=(), article="-",
    )  # fmt: skip
    working = WorkingDays(arrangements=(y2027,))
    rule = replace(TENTH, shift=Shift.NEXT_WORKDAY)
    assert day_of(rule, "2026-12") == "2027-01-10"
    assert day_of(rule, "2026-12", working) == "2027-01-11"
    assert day_of(replace(MONTH_END, shift=Shift.NEXT_WORKDAY), "2026-12", working) == "2027-02-01"
    assert deadline(rule, Period.parse("2026-12"), working).unknown_year is None


known = st.dates(date(2004, 2, 1), date(2025, 12, 31))
anything = st.dates(date(1901, 1, 1), date(2900, 12, 31))
daily = st.builds(
    lambda n, shift: replace(TENTH, cadence=Cadence.DAILY, months_after=None, day=None, days_after=n, shift=shift),
    st.integers(1, 30),
    st.sampled_from(SHIFTS),
)
monthly = st.builds(
    lambda n, shift: replace(TENTH, day=n, shift=shift), st.integers(1, 28) | st.just("last"), st.sampled_from(SHIFTS)
)
rules = daily | monthly


@given(rules, known)
def test_a_shift_moves_in_its_own_direction_and_to_a_day_of_its_own_kind(rule, day):
    period = Period.containing(rule.cadence, day)
    found = deadline(rule, period, OFFICIAL)
    if rule.shift is Shift.PREVIOUS_WORKDAY:
        assert period.end <= found.day <= found.named
        assert OFFICIAL.works(found.day) or not any(map(OFFICIAL.works, _days(period.end, found.named)))
    elif rule.shift is Shift.HOLIDAY_ONLY:
        assert found.day >= found.named
        assert OFFICIAL.kind(found.day) is not DayKind.HOLIDAY
    else:
        assert found.day >= found.named
        assert OFFICIAL.works(found.day)


@given(rules, known)
def test_a_working_day_stays_where_no_long_holiday_lies_before_it(rule, day):
    found = deadline(rule, Period.containing(rule.cadence, day), OFFICIAL)
    assume(OFFICIAL.works(found.named) and rule.shift is not Shift.TAX_STYLE)
    assert (found.day, found.shift) == (found.named, None)


@given(rules, known)
def test_no_day_between_the_named_one_and_the_next_working_day_is_worked(rule, day):
    found = deadline(replace(rule, shift=Shift.NEXT_WORKDAY), Period.containing(rule.cadence, day), OFFICIAL)
    assert not any(map(OFFICIAL.works, _days(found.named, found.day - DAY)))


@given(st.integers(1, 40), known, st.sampled_from([Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY]))
def test_between_the_period_and_the_deadline_lie_as_many_working_days_as_the_rule_says(count, day, cadence):
    rule = replace(WITHIN, cadence=cadence, workdays_after=count)
    period = Period.containing(cadence, day)
    found = deadline(rule, period, OFFICIAL)
    assume(found.unknown_year is None)
    assert sum(map(OFFICIAL.works, _days(period.end, found.day))) == count
    assert OFFICIAL.works(found.day)


@given(rules, anything)
def test_where_nobody_knows_the_working_days_nothing_moves_and_the_year_is_told(rule, day):
    period = Period.containing(rule.cadence, day)
    found = deadline(rule, period, OFFICIAL)
    years = range(period.end.year, found.named.year + 1)
    assume(not any(OFFICIAL.knows(year) for year in years))
    assert (found.day, found.shift) == (found.named, None)
    assert found.unknown_year in years


@given(rules, anything)
def test_without_a_policy_no_holiday_moves_anything(rule, day):
    found = deadline(replace(rule, shift=Shift.NONE), Period.containing(rule.cadence, day), OFFICIAL)
    assert (found.day, found.shift, found.unknown_year) == (found.named, None, None)


@given(st.integers(1, 8784), st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1)))
def test_hours_run_on_every_day(hours, moment):
    rule = replace(WITHIN, cadence=Cadence.EVENT, workdays_after=None, hours_after=hours)
    event = Period.of_event(moment.replace(tzinfo=ASIA_SHANGHAI))
    found = deadline(rule, event, OFFICIAL)
    assert found.at - event.moment == timedelta(hours=hours)
    assert (found.named, found.shift, found.unknown_year) == (found.at.date(), None, None)


def _days(first, last):
    return [first + n * DAY for n in range((last - first).days + 1)]
