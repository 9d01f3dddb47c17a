"""Obligations of a span: each period falls into exactly one month by its last day, under the rule it was owed by."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import Cadence, Period, Schedule, WorkingDays
from gateway.freshness import Facts, every_period, obligations

from .county import MONTH_END, QUARTER, at, county, delivery, exempt, facts, feed

NOW = at("2026-12-15T00:00:00")


def owed(catalogue, span, known=None):
    rows = obligations(catalogue, known or Facts(), NOW, Period.parse(span))
    return [(row.feed, str(row.period), row.state.value) for row in rows]


def test_a_quarter_stands_in_its_last_month_and_in_itself():
    catalogue = county(feed("finance.onecard", starts="2026-05"), feed("civil.dibao", QUARTER, "2026Q2"))
    assert owed(catalogue, "2026-08") == [("finance.onecard", "2026-08", "overdue")]
    assert owed(catalogue, "2026-09") == [
        ("finance.onecard", "2026-09", "overdue"),
        ("civil.dibao", "2026Q3", "overdue"),
    ]
    assert [period for _, period, _ in owed(catalogue, "2026Q3")] == ["2026-07", "2026-08", "2026-09", "2026Q3"]


def test_what_is_before_the_first_period_owed_is_no_obligation_even_if_it_came():
    known = facts(delivery("finance.onecard", "2026-08", "2026-09-10T00:00:00"))
    assert owed(county(feed("finance.onecard")), "2026-08", known) == []


def test_receipted_exempt_and_running_periods_are_obligations_too():
    known = facts(
        delivery("finance.onecard", "2026-10", "2026-11-10T00:00:00"),
        exempt("finance.onecard", "2026-11", "2026-11-10T00:00:00"),
    )
    assert owed(county(feed("finance.onecard")), "2026Q4", known) == [
        ("finance.onecard", "2026-10", "on_time"),
        ("finance.onecard", "2026-11", "exempt"),
        ("finance.onecard", "2026-12", "not_due"),
    ]


def test_a_rule_that_changes_mid_year_rules_what_begins_from_then_on_and_rewrites_nothing():
    newer = replace(MONTH_END, day=10, effective=date(2026, 7, 1))
    changed = feed("finance.onecard", starts="2026-05")
    changed = replace(changed, schedule=Schedule(id="f1", rules=(MONTH_END, newer), working=WorkingDays()))
    rows = every_period(county(changed), Facts(), at("2026-09-15T00:00:00"))
    assert [(str(row.period), f"{row.due:%m-%d}") for row in rows] == [
        ("2026-05", "06-30"),
        ("2026-06", "07-31"),
        ("2026-07", "08-10"),
        ("2026-08", "09-10"),
        ("2026-09", "10-10"),
    ]


def test_a_rhythm_that_changes_leaves_no_gap_and_owes_nothing_twice():
    monthly = replace(QUARTER, cadence=Cadence.MONTHLY, effective=date(2026, 7, 1))
    changed = feed("finance.onecard", QUARTER, "2026Q1")
    changed = replace(changed, schedule=Schedule(id="f3", rules=(QUARTER, monthly), working=WorkingDays()))
    assert [period for _, period, _ in owed(county(changed), "2026")] == [
        "2026Q1", "2026Q2", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12",
    ]  # fmt: skip


rules = st.sampled_from([
    (MONTH_END, "2026-02"),
    (QUARTER, "2025Q4"),
    (replace(MONTH_END, id="w", cadence=Cadence.WEEKLY, months_after=None, day=None, days_after=3), "2026-W05"),
    (replace(MONTH_END, id="y", cadence=Cadence.YEARLY), "2025"),
])  # fmt: skip


@given(rules)
def test_every_obligation_of_a_year_falls_into_exactly_one_of_its_months(rule):
    catalogue = county(feed("finance.onecard", *rule))
    year = owed(catalogue, "2026")
    months = [one for month in range(1, 13) for one in owed(catalogue, f"2026-{month:02}")]
    assert months == year
    assert len(year) == len({period for _, period, _ in year}) > 0
