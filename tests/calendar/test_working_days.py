"""Working days: the official ones to the day, what the office lays over them, and no guess beyond."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import Arrangement, DayKind, Holiday, WorkingDays

OFFICIAL = WorkingDays()
Y2027 = Arrangement(
    year=2027,
    complete=True,
    holidays=(Holiday(first=date(2027, 1, 1), last=date(2027, 1, 3), title="元旦"),),
    workdays=(date(2027, 1, 9), date(2027, 1, 10)),
    article="-",
)


def change(*, holidays=(), workdays=(), year=2026):
    named = tuple(Holiday(first=day, last=day, title="-") for day in holidays)
    return Arrangement(year=year, complete=False, holidays=named, workdays=tuple(workdays), article="-")


def test_every_day_the_package_knows_is_what_the_package_says():
    day, told = date(2004, 1, 1), 0
    while day.year < 2027:
        off, title = chinese_calendar.get_holiday_detail(day)
        expected = DayKind.WORKDAY if not off else DayKind.HOLIDAY if title else DayKind.WEEKEND
        assert OFFICIAL.kind(day) is expected, day
        day, told = day + timedelta(days=1), told + 1
    assert told == 8401


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 2, 28), DayKind.WORKDAY),
        (date(2026, 10, 10), DayKind.WORKDAY),
        (date(2026, 1, 4), DayKind.WORKDAY),
        (date(2026, 1, 10), DayKind.WEEKEND),
        (date(2026, 1, 31), DayKind.WEEKEND),
        (date(2026, 5, 10), DayKind.WEEKEND),
        (date(2026, 5, 31), DayKind.WEEKEND),
        (date(2026, 10, 31), DayKind.WEEKEND),
        (date(2026, 10, 1), DayKind.HOLIDAY),
        (date(2026, 2, 21), DayKind.HOLIDAY),
        (date(2024, 2, 29), DayKind.WORKDAY),
    ],
)
def test_the_days_that_are_easily_taken_for_others(day, kind):
    assert OFFICIAL.kind(day) is kind


@given(st.dates(date(2027, 1, 1), date(2999, 12, 31)) | st.dates(date(1900, 1, 1), date(2003, 12, 31)))
def test_in_a_year_nobody_knows_every_day_counts_as_worked(day):
    assert not OFFICIAL.knows(day.year)
    assert OFFICIAL.works(day)


def test_what_is_known_ends_with_the_last_year_before_a_gap():
    y2029 = Arrangement(year=2029, complete=True, holidays=Y2027.holidays, workdays=(), article="-")
    assert OFFICIAL.known_until == date(2026, 12, 31)
    assert WorkingDays(arrangements=(y2029,)).known_until == date(2026, 12, 31)
    assert WorkingDays(arrangements=(y2029, Y2027)).known_until == date(2027, 12, 31)
    assert WorkingDays(arrangements=(change(year=2027, workdays=[date(2027, 1, 9)]),)).known_until == date(2026, 12, 31)


def test_a_whole_year_from_the_office_is_known_from_then_on():
    working = WorkingDays(arrangements=(Y2027,))
    assert working.knows(2027)
    assert [working.kind(date(2027, 1, day)) for day in (1, 3, 4, 9, 10, 16, 31)] == [
        DayKind.HOLIDAY, DayKind.HOLIDAY, DayKind.WORKDAY, DayKind.WORKDAY, DayKind.WORKDAY, DayKind.WEEKEND,
        DayKind.WEEKEND,
    ]  # fmt: skip


def test_a_whole_year_replaces_the_official_one():
    other = Arrangement(
        year=2026, complete=True, holidays=(Holiday(first=date(2026, 3, 3), last=date(2026, 3, 3), title="-"),),
        workdays=(), article="-",
    )  # fmt: skip
    working = WorkingDays(arrangements=(other,))
    assert working.kind(date(2026, 3, 3)) is DayKind.HOLIDAY
    assert working.kind(date(2026, 10, 1)) is DayKind.WORKDAY
    assert working.kind(date(2026, 2, 28)) is DayKind.WEEKEND
    assert working.kind(date(2025, 10, 1)) is DayKind.HOLIDAY


def test_a_single_change_is_laid_over_what_is_known_whatever_the_order():
    single = change(year=2027, holidays=[date(2027, 3, 3)], workdays=[date(2027, 1, 2)])
    for arrangements in ((single, Y2027), (Y2027, single)):
        working = WorkingDays(arrangements=arrangements)
        assert working.kind(date(2027, 3, 3)) is DayKind.HOLIDAY
        assert working.kind(date(2027, 1, 2)) is DayKind.WORKDAY
        assert working.kind(date(2027, 1, 1)) is DayKind.HOLIDAY


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.dates(date(2004, 1, 1), date(2026, 12, 31)))
def test_a_single_change_changes_no_other_day(changed, day):
    working = WorkingDays(arrangements=(change(holidays=[changed]),))
    assert working.kind(day) is (DayKind.HOLIDAY if day == changed else OFFICIAL.kind(day))


def test_a_single_change_in_a_year_nobody_knows_changes_nothing():
    working = WorkingDays(arrangements=(change(year=2027, holidays=[date(2027, 1, 1)]),))
    assert not working.knows(2027)
    assert working.works(date(2027, 1, 1))
