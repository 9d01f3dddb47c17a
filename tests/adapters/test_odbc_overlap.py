"""Following a column from cursor to cursor: never back, never into the future, and far enough before for late rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.odbc.overlap import CursorUnread, Follower, measure

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)  # noon in China
FORMS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S"]
moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


def follow(overlap: str | int | None, cursor: str | None, *values: str | None) -> str | None:
    follower = Follower(measure(overlap, NOW), cursor)
    follower.see(pa.array(values, pa.utf8()))
    return follower.cursor


@given(cursor=moments, value=moments, form=st.sampled_from(FORMS))
def test_a_time_never_goes_back_and_never_past_now(cursor: datetime, value: datetime, form: str) -> None:
    reached = follow("3d", cursor.strftime(form), value.strftime(form))
    noon = datetime(2026, 11, 22, 12)
    assert datetime.strptime(reached, form) == max(cursor, min(value, noon))


@given(cursor=moments, days=st.integers(1, 400), form=st.sampled_from(FORMS))
def test_a_reading_starts_its_overlap_before_its_cursor_in_the_sources_own_writing(
    cursor: datetime, days: int, form: str
) -> None:
    start = Follower(measure(f"{days}d", NOW), cursor.strftime(form)).start
    assert start == (cursor - timedelta(days=days)).strftime(form)


@given(cursor=st.integers(-(10**30), 10**30), value=st.integers(-(10**30), 10**30), overlap=st.integers(1, 10**9))
def test_a_number_never_goes_back(cursor: int, value: int, overlap: int) -> None:
    assert follow(overlap, str(cursor), str(value)) == str(max(cursor, value))
    assert Follower(measure(overlap, NOW), str(cursor)).start == str(cursor - overlap)


@pytest.mark.parametrize(
    ("overlap", "cursor", "start"),
    [
        ("2h", "2026-10-01", "2026-09-30"),  # a day has no hours: the day before
        ("30m", "2026-10-01 00:10:00", "2026-09-30 23:40:00"),
        ("1d", "20261001", "20260930"),
        (5, "12.5", "7.5"),
        ("7", "10", "3"),
        (None, "whatever it is", "whatever it is"),
    ],
)
def test_where_a_reading_starts(overlap: str | int | None, cursor: str, start: str) -> None:
    assert Follower(measure(overlap, NOW), cursor).start == start


def test_rows_without_a_time_are_passed_over_and_an_empty_portion_keeps_the_cursor() -> None:
    assert follow("3d", None, "2026-10-01", None) == "2026-10-01"
    assert follow("3d", "2026-10-01", None) == "2026-10-01"
    assert follow(None, "x") == "x"


@pytest.mark.parametrize(("overlap", "value"), [("3d", "十月一日"), ("3d", "12345"), (7, "2026-10-01"), (7, "1e9")])
def test_a_value_that_is_not_what_the_overlap_measures_is_refused(overlap: str | int, value: str) -> None:
    with pytest.raises(CursorUnread):
        follow(overlap, "2026-10-01" if overlap == "3d" else "1", value)
