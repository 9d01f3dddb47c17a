"""How a deadline is said: the two wordings are one, and days over are days of the calendar in Beijing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, days_over, deadline_words, until

SECOND = timedelta(seconds=1)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(microsecond=0, tzinfo=ASIA_SHANGHAI)
)


@pytest.mark.parametrize(
    ("due", "short", "zh"),
    [
        ("2026-12-10T23:59:59", "2026-12-10 24:00", "2026年12月10日24时(北京时间)"),
        ("2026-12-10T11:59:59", "2026-12-10 12:00", "2026年12月10日12时(北京时间)"),
        ("2026-12-10T17:29:59", "2026-12-10 17:30", "2026年12月10日17时30分(北京时间)"),
        ("2026-12-11T00:00:00", "2026-12-11 00:00", "2026年12月11日0时(北京时间)"),
    ],
)
def test_a_deadline_is_worded_by_the_moment_it_ends_at(due: str, short: str, zh: str) -> None:
    at = datetime.fromisoformat(due).replace(tzinfo=ASIA_SHANGHAI)
    assert (until(at), deadline_words(at, "zh"), deadline_words(at, "en")) == (short, zh, f"{short} (Beijing time)")
    assert until(at.astimezone(UTC)) == short


@given(moments)
def test_midnight_belongs_to_the_day_that_ends_with_it(at: datetime) -> None:
    named = at.strftime("%Y-%m-%d")
    assert until(at).startswith(named) and deadline_words(at, "zh").startswith(f"{at.year}年{at.month}月{at.day}日")
    assert until(at).endswith("24:00") is (at.strftime("%H:%M:%S") == "23:59:59")


@given(moments, moments)
def test_days_over_are_the_midnights_in_between(due: datetime, at: datetime) -> None:
    assert days_over(due, at) == -days_over(at, due) == (at.date() - due.date()).days
    assert days_over(due.astimezone(UTC), at.astimezone(UTC)) == days_over(due, at)


def test_a_second_past_the_end_of_the_day_is_a_day_and_half_a_day_before_it_is_none() -> None:
    due = datetime(2026, 10, 31, 23, 59, 59, tzinfo=ASIA_SHANGHAI)
    assert [days_over(due, due + step) for step in (-12 * 3600 * SECOND, SECOND, 86_400 * SECOND)] == [0, 1, 1]
