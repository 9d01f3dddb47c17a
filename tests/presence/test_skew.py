"""How far apart two clocks are, from a date as HTTP writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.presence import http_date, milliseconds, skew_of

AT = datetime(1994, 11, 6, 8, 49, 37, 500_000, UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 2),
    max_value=datetime(2200, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@pytest.mark.parametrize(
    "date",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
    ids=["IMF-fixdate", "RFC 850", "asctime"],
)
def test_all_three_forms_of_rfc_9110_are_read(date: str) -> None:
    assert skew_of(date, AT) == timedelta(0)
    assert skew_of(date, AT + timedelta(seconds=90)) == timedelta(seconds=-90)


def test_a_moment_is_written_as_rfc_9110_has_senders_write_it() -> None:
    assert http_date(datetime(2026, 12, 1, 0, 0, 1, 999_999, timezone(timedelta(hours=8)))) == (
        "Mon, 30 Nov 2026 16:00:01 GMT"
    )


@given(st.text() | st.text(alphabet="Sun, 0123456789:GMTNov+-"))
@example("Sun, 06 Nov 99999 08:49:37 GMT")
@example("Sun, 06 Nov 1994 08:49:37 +9999")
@example("Sun, 06 Nov 1994 99:99:99 GMT")
def test_no_text_whatever_is_a_fault(date: str) -> None:
    skew = skew_of(date, AT)
    assert skew is None or isinstance(skew, timedelta)


def test_no_date_is_an_unknown_skew() -> None:
    assert skew_of(None, AT) is None
    assert milliseconds(None) is None


@given(MOMENTS, MOMENTS)
def test_a_skew_is_exact_to_a_second_whatever_the_zones(sender: datetime, centre: datetime) -> None:
    skew = skew_of(http_date(sender), centre)
    assert abs(skew - (sender - centre)) < timedelta(seconds=1)
    assert milliseconds(skew) == skew.total_seconds() * 1000


@given(MOMENTS)
def test_clocks_that_agree_have_no_skew(at: datetime) -> None:
    assert skew_of(http_date(at), at) == timedelta(0)
