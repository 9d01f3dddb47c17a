"""What the office is told of the calendar: unknown years and the end of the known ones, and only where a rule asks."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.calendar import Arrangement, Schedule, Shift, WorkingDays
from gateway.freshness import notices, unknown_years

from .county import EVENT, MONTH_END, at, county, feed

SHIFTING = replace(MONTH_END, id="shifting", day=10, shift=Shift.NEXT_WORKDAY)
NEXT_YEAR = Arrangement(year=2027, complete=True, holidays=(), workdays=(), article="-")


def catalogue(rule, starts="2026-01", *arrangements):
    working = WorkingDays(arrangements=arrangements)
    schedule = Schedule(id=rule.id, rules=(rule,), working=working)
    return replace(county(replace(feed("finance.onecard", starts=starts), schedule=schedule)), working_days=working)


def codes(found, moment):
    return [one.code for one in notices(found, at(moment))]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-10-31T23:59:59", []),
        ("2026-11-01T00:00:00", ["YZ-8100", "YZ-8101"]),  # of the running, the next is due in January
        ("2026-12-31T12:00:00", ["YZ-8100", "YZ-8101"]),
        ("2027-06-01T00:00:00", ["YZ-8100", "YZ-8101"]),
    ],
)
def test_the_end_of_the_known_years_is_told_sixty_days_ahead_and_the_unknown_year_when_a_deadline_needs_it(
    moment, told
):
    assert codes(catalogue(SHIFTING), moment) == told


def test_a_year_that_the_office_entered_is_known():
    known = catalogue(SHIFTING, "2026-01", NEXT_YEAR)
    assert codes(known, "2026-12-31T12:00:00") == []
    assert codes(known, "2027-11-02T12:00:00") == ["YZ-8100", "YZ-8101"]


def test_nobody_is_told_where_no_rule_asks_which_days_are_worked():
    assert codes(catalogue(MONTH_END), "2027-06-01T00:00:00") == []
    assert unknown_years(catalogue(MONTH_END), at("2027-06-01T00:00:00")) == ()


def test_a_notice_names_the_year_the_rules_and_what_to_do():
    unknown, ending = notices(catalogue(SHIFTING), at("2026-12-01T00:00:00"))
    assert unknown.zh.startswith("2027 年的工作日安排未知,时限未作顺延。")
    assert "working_days" in unknown.en
    assert ending.zh.startswith("工作日安排只到 2026-12-31,以下时限规则需要 2027 年的安排:shifting。")


def test_an_event_driven_rule_in_working_days_is_looked_at_as_if_something_happened_now():
    days = replace(EVENT, hours_after=None, workdays_after=3)
    found = catalogue(days, "2026-01-01T0000")
    assert unknown_years(found, at("2026-12-28T00:00:00")) == ()
    assert unknown_years(found, at("2026-12-30T00:00:00")) == (2027,)
    assert WorkingDays().known_until == date(2026, 12, 31)
