"""When a period's run begins: from the first moment at which collecting makes sense."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import (
    ASIA_SHANGHAI,
    Cadence,
    DueRule,
    JudgedBy,
    Period,
    Schedule,
    WorkingDays,
    collect_from,
)

MORNING = time(8, 30)


def schedule(cadence: Cadence, **parts: object) -> Schedule:
    rule = DueRule(id="r", title="r", cadence=cadence, judged_by=JudgedBy.ACCEPTED, article="-", **parts)
    return Schedule(id="r", rules=(rule,), working=WorkingDays())


MONTH_END = schedule(Cadence.MONTHLY, months_after=1, day="last")
QUARTER = schedule(Cadence.QUARTERLY, months_after=1, day="last")


@pytest.mark.parametrize(
    ("of", "period", "begins"),
    [
        (MONTH_END, "2026-10", "2026-11-02T08:30"),  # the 1st of November is a Sunday
        (MONTH_END, "2026-08", "2026-09-01T08:30"),
        (MONTH_END, "2026-09", "2026-10-08T08:30"),  # after the National Day holiday
        (MONTH_END, "2025-12", "2026-01-04T08:30"),  # a Sunday that is worked, after New Year
        (MONTH_END, "2030-09", "2030-10-01T08:30"),  # nobody knows that year: every day counts as worked
        (QUARTER, "2026Q3", "2026-10-08T08:30"),
        (QUARTER, "2025Q4", "2026-01-04T08:30"),
        (schedule(Cadence.YEARLY, months_after=1, day="last"), "2025", "2026-01-04T08:30"),
        (schedule(Cadence.HALF_YEARLY, months_after=1, day=15), "2026H1", "2026-07-01T08:30"),
        (schedule(Cadence.WEEKLY, days_after=5), "2026-W47", "2026-11-23T08:30"),
        # a working day would leave no day until the deadline: the first morning of all
        (schedule(Cadence.DAILY, days_after=1), "2026-10-01", "2026-10-02T08:30"),
        (schedule(Cadence.MONTHLY, months_after=1, day=8), "2026-09", "2026-10-01T08:30"),
        (schedule(Cadence.MONTHLY, months_after=1, day=10), "2026-09", "2026-10-08T08:30"),
        # even that morning is too late: as soon as the period is over
        (schedule(Cadence.DAILY, days_after=1, cutoff="08:00"), "2026-11-23", "2026-11-24T00:00"),
        (schedule(Cadence.EVENT, hours_after=2), "2026-11-23T0930", "2026-11-23T09:30"),
        (schedule(Cadence.EVENT, days_after=5), "2026-11-23T0600", "2026-11-23T06:00"),
    ],
)
def test_a_run_begins_on_the_first_morning_that_makes_sense(of: Schedule, period: str, begins: str) -> None:
    expected = datetime.fromisoformat(begins).replace(tzinfo=ASIA_SHANGHAI)
    assert collect_from(of, Period.parse(period), MORNING) == expected


@given(
    day=st.dates(min_value=datetime(2005, 1, 1).date(), max_value=datetime(2035, 1, 1).date()),
    cadence=st.sampled_from([cadence for cadence in Cadence if cadence is not Cadence.EVENT]),
    days=st.integers(1, 40),
    morning=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
)
def test_no_run_begins_before_its_period_is_over_or_after_it_was_due(
    day: datetime, cadence: Cadence, days: int, morning: time
) -> None:
    of = schedule(cadence, days_after=days)
    period = Period.containing(cadence, day)
    assert period.complete_at <= collect_from(of, period, morning) <= of.due(period)
