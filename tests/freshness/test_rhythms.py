"""Every rhythm on the board, in a span and in full: weeks across a year's end, halves, years, and events."""

from dataclasses import replace

import pytest

from gateway.calendar import Cadence, Period
from gateway.freshness import board, every_period, obligations

from .county import EVENT, MONTH_END, at, county, delivery, extended, facts, feed, occurrence

WEEK = replace(MONTH_END, id="week", cadence=Cadence.WEEKLY, months_after=None, day=None, workdays_after=2)
HALF = replace(MONTH_END, id="half", cadence=Cadence.HALF_YEARLY)
YEAR = replace(MONTH_END, id="year", cadence=Cadence.YEARLY)
DAY = replace(MONTH_END, id="day", cadence=Cadence.DAILY, months_after=None, day=None, days_after=1, cutoff="17:00")
COUNTY = county(
    feed("finance.weekly", WEEK, "2026-W50"),
    feed("finance.half", HALF, "2025H2"),
    feed("civil.yearly", YEAR, "2025"),
    feed("civil.daily", DAY, "2026-12-30"),
    feed("police.accident", EVENT, "2026-12-01T0000"),
)
KNOWN = facts(
    delivery("finance.weekly", "2026-W50", "2026-12-15T23:59:59"),
    delivery("finance.weekly", "2026-W51", "2026-12-23T00:00:00"),
    delivery("finance.half", "2025H2", "2026-01-31T12:00:00"),
    delivery("civil.yearly", "2025", "2026-02-01T00:00:00"),
    delivery("civil.daily", "2026-12-30", "2026-12-31T16:59:59.5"),
    delivery("civil.daily", "2026-12-31", "2027-01-01T17:00:00"),
    occurrence("police.accident", "2026-12-31T2359", "2027-01-01T00:01:00"),
    extended("police.accident", "2026-12-31T2359", "2027-01-01T08:00:00", "2027-01-05T12:00:00"),
)
NOW = at("2027-01-04T09:00:00")


def told(rows):
    return [(row.feed, str(row.period), f"{row.due:%m-%d %H:%M:%S}", row.state.value) for row in rows]


def test_the_board_shows_what_is_open_in_each_rhythm():
    assert told(board(COUNTY, KNOWN, NOW)) == [
        ("finance.weekly", "2026-W51", "12-22 23:59:59", "late"),
        ("finance.weekly", "2026-W52", "12-29 23:59:59", "overdue"),
        ("finance.weekly", "2026-W53", "01-05 23:59:59", "due_soon"),
        ("finance.weekly", "2027-W01", "01-12 23:59:59", "not_due"),
        ("finance.half", "2025H2", "01-31 23:59:59", "on_time"),
        ("finance.half", "2026H1", "07-31 23:59:59", "overdue"),
        ("finance.half", "2026H2", "01-31 23:59:59", "not_due"),
        ("finance.half", "2027H1", "07-31 23:59:59", "not_due"),
        ("civil.yearly", "2025", "01-31 23:59:59", "late"),
        ("civil.yearly", "2026", "01-31 23:59:59", "not_due"),
        ("civil.yearly", "2027", "01-31 23:59:59", "not_due"),
        ("civil.daily", "2026-12-31", "01-01 16:59:59", "late"),
        ("civil.daily", "2027-01-01", "01-02 16:59:59", "overdue"),
        ("civil.daily", "2027-01-02", "01-03 16:59:59", "overdue"),
        ("civil.daily", "2027-01-03", "01-04 16:59:59", "due_soon"),
        ("civil.daily", "2027-01-04", "01-05 16:59:59", "not_due"),
        ("police.accident", "2026-12-31T2359", "01-05 12:00:00", "due_soon"),
    ]


@pytest.mark.parametrize(
    ("span", "owed"),
    [
        ("2026-12", ["2026-W50", "2026-W51", "2026-W52", "2026H2", "2026", "2026-12-30", "2026-12-31",
                     "2026-12-31T2359"]),
        ("2027-01", ["2026-W53", "2027-W01", "2027-W02", "2027-W03", "2027-W04",
                     *(f"2027-01-{day:02}" for day in range(1, 32))]),
        ("2026-W53", ["2026-W53", "2026H2", "2026", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02",
                      "2027-01-03", "2026-12-31T2359"]),
        ("2026H1", ["2026H1"]),
        ("2025", ["2025H2", "2025"]),
        ("2026-12-31", ["2026H2", "2026", "2026-12-31", "2026-12-31T2359"]),
        ("2025-06", []),
    ],
)  # fmt: skip
def test_a_span_of_any_rhythm_holds_what_ends_in_it(span, owed):
    rows = obligations(COUNTY, KNOWN, NOW, Period.parse(span))
    assert [str(row.period) for row in rows] == owed
    whole = {(row.feed, row.period): row for row in every_period(COUNTY, KNOWN, NOW)}
    assert all(whole.get((row.feed, row.period), row) == row for row in rows)
