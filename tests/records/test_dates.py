"""Dates, months and timestamps: the documented forms, and a reason for everything else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.check import Checker
from gateway.records.days import day_numbers, valid_days
from gateway.records.types import FieldType
from tests.records.batches import SALT, check_one, column, reasons, typed_batch, values

DATE = column(FieldType.DATE)
MONTH = column(FieldType.MONTH)
STAMP = column(FieldType.TIMESTAMP)
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(1800, 1, 1), date(2199, 12, 31))
FORMS = st.sampled_from(["{0:04}{1:02}{2:02}", "{0}-{1:02}-{2:02}", "{0}/{1}/{2}", "{0}年{1}月{2}日"])


@pytest.mark.parametrize(
    "text",
    [
        "2017-08-01",
        "20170801",
        "2017/08/01",
        "2017/8/1",
        "2017-8-1",
        "2017.8.1",
        "2017年8月1日",
        " 2017-08-01 ",
        "2017-08-01 00:00:00.000",
    ],
)
def test_the_fixed_set_of_date_forms_is_taken(text: str) -> None:
    assert values(DATE, text) == [date(2017, 8, 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20170230", "DATE_IMPOSSIBLE"),
        ("2017-02-29", "DATE_IMPOSSIBLE"),
        ("2017-00-00", "DATE_IMPOSSIBLE"),
        ("31122017", "DATE_RANGE"),
        ("00000000", "DATE_SENTINEL"),
        ("0000-00-00", "DATE_SENTINEL"),
        ("0001-01-01", "DATE_SENTINEL"),
        ("99991231", "DATE_SENTINEL"),
        ("9999-12-31", "DATE_SENTINEL"),
        ("1899-12-30", "DATE_SENTINEL"),
        ("17990101", "DATE_RANGE"),
        ("2200-01-01", "DATE_RANGE"),
        ("2017年8月", "DATE_NO_DAY"),
        ("2017-08", "DATE_NO_DAY"),
        ("2017", "DATE_NO_DAY"),
        ("43101", "DATE_SERIAL"),
        ("2017-08-01 12:30:00", "DATE_HAS_TIME"),
        ("20170801123000", "DATE_HAS_TIME"),
        ("２０１７-08-01", "FULL_WIDTH"),
        ("17-08-01", "DATE_FORM"),
        ("2017-08/01", "DATE_FORM"),
        ("2017-08-01x", "DATE_FORM"),
        ("长期", "DATE_FORM"),
        ("2017-08-01\x00", "CONTROL"),
    ],
)
def test_what_is_no_day_has_a_reason_of_its_own(text: str, expected: str) -> None:
    assert reasons(DATE, text) == (expected,)


@given(DAYS.filter(lambda day: day != date(1899, 12, 30)), FORMS)
def test_every_day_in_every_form_comes_back(day: date, form: str) -> None:
    assert values(DATE, form.format(day.year, day.month, day.day)) == [day]


@given(st.integers(1, 9999), st.integers(0, 14), st.integers(0, 33))
def test_the_calendar_is_the_one_of_the_standard_library(year: int, month: int, day: int) -> None:
    try:
        expected = (date(year, month, day) - date(1970, 1, 1)).days
    except ValueError:
        expected = None
    parts = [np.array([part]) for part in (year, month, day)]
    assert bool(valid_days(*parts)[0]) is (expected is not None)
    if expected is not None:
        assert day_numbers(*parts)[0] == expected


def test_typed_dates_and_midnights_pass_and_other_times_do_not() -> None:
    days = pa.array([date(2017, 8, 1), date(9999, 12, 31), None], pa.date32())
    checked = Checker([DATE], salt=SALT).check(typed_batch(DATE, days))
    assert checked.good.column(0).to_pylist() == [date(2017, 8, 1), None]
    assert [problem.reason.name for problem in checked.problems] == ["DATE_SENTINEL"]

    times = pa.array([datetime(2017, 8, 1), datetime(2017, 8, 1, 12)], pa.timestamp("ns"))
    checked = Checker([DATE], salt=SALT).check(typed_batch(DATE, times))
    assert checked.good.column(0).to_pylist() == [date(2017, 8, 1)]
    assert [problem.reason.name for problem in checked.problems] == ["DATE_HAS_TIME"]


def test_a_midnight_in_shanghai_is_a_day_even_when_the_source_speaks_utc() -> None:
    midnight = pa.array([datetime(2017, 7, 31, 16, tzinfo=UTC)], pa.timestamp("s", tz="UTC"))
    checked = Checker([DATE], salt=SALT).check(typed_batch(DATE, midnight))
    assert checked.good.column(0).to_pylist() == [date(2017, 8, 1)]


@pytest.mark.parametrize("text", ["2017-08", "201708", "2017/8", "2017年8月", " 2017-8 "])
def test_the_fixed_set_of_month_forms_is_taken(text: str) -> None:
    assert values(MONTH, text) == ["2017-08"]


@pytest.mark.parametrize("text", ["2017.8", "2017-13", "201700", "2017", "2017-08-01", "8月"])
def test_what_is_no_month_is_refused(text: str) -> None:
    assert reasons(MONTH, text) == ("MONTH_FORM",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-08-01 08:30:00", datetime(2017, 8, 1, 8, 30, tzinfo=SHANGHAI)),
        ("2017-08-01T08:30:00.123456", datetime(2017, 8, 1, 8, 30, 0, 123456, tzinfo=SHANGHAI)),
        ("2017/8/1 08:30:00.5000000", datetime(2017, 8, 1, 8, 30, 0, 500000, tzinfo=SHANGHAI)),
        ("20170801083000", datetime(2017, 8, 1, 8, 30, tzinfo=SHANGHAI)),
        ("2017-08-01T00:30:00Z", datetime(2017, 8, 1, 8, 30, tzinfo=SHANGHAI)),
        ("2017-08-01T08:30:00+08:00", datetime(2017, 8, 1, 8, 30, tzinfo=SHANGHAI)),
        ("2017-08-01T03:30:00-0530", datetime(2017, 8, 1, 9, tzinfo=UTC)),
        ("1986-09-14 01:30:00+09:00", datetime(1986, 9, 13, 16, 30, tzinfo=UTC)),
    ],
)
def test_a_timestamp_names_one_instant(text: str, expected: datetime) -> None:
    # As instants: Python calls a time in a repeated hour equal to nothing in another zone.
    assert check_one(STAMP, text).good.column(0).cast(pa.int64()).to_pylist() == [_microseconds(expected)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-08-01", "TIMESTAMP_FORM"),
        ("2017-08-01 08:30", "TIMESTAMP_FORM"),
        ("2017-08-01 08:30:00.1234567", "TIMESTAMP_FORM"),
        ("2017-08-01 08:30:00+15:00", "TIMESTAMP_FORM"),
        ("2017-08-01 24:00:00", "TIME_IMPOSSIBLE"),
        ("2017-08-01 08:30:60", "TIME_IMPOSSIBLE"),
        ("2017-02-30 08:30:00", "DATE_IMPOSSIBLE"),
        ("9999-12-31 23:59:59", "DATE_SENTINEL"),
        ("1986-09-14 01:30:00", "TIME_AMBIGUOUS"),  # the hour came twice when summer time ended
        ("1986-05-04 02:30:00", "TIME_AMBIGUOUS"),  # the hour never came when it began
        ("昨天", "TIMESTAMP_FORM"),
    ],
)
def test_what_is_no_instant_has_a_reason_of_its_own(text: str, expected: str) -> None:
    assert reasons(STAMP, text) == (expected,)


@pytest.mark.parametrize(
    ("kind", "raw", "good"),
    [
        (pa.timestamp("us"), datetime(2017, 8, 1, 8, 30), True),
        (pa.timestamp("s", tz="UTC"), datetime(2017, 8, 1, 0, 30, tzinfo=UTC), True),
        (pa.timestamp("ns"), 1_501_576_200_000_000_001, False),
        (pa.timestamp("s"), 2**62, False),
        (pa.timestamp("ms"), None, True),
    ],
)
def test_typed_timestamps_pass_where_microseconds_hold_them(kind: pa.DataType, raw: object, good: bool) -> None:
    checked = Checker([STAMP], salt=SALT).check(typed_batch(STAMP, pa.array([raw], kind)))
    assert bool(checked.good.num_rows) is good
    if good and raw is not None:
        assert checked.good.column(0).to_pylist() == [datetime(2017, 8, 1, 8, 30, tzinfo=SHANGHAI)]


@given(
    st.datetimes(datetime(1992, 1, 1), datetime(2199, 12, 31)),
    st.none() | st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
def test_every_instant_since_summer_time_ended_comes_back(moment: datetime, zone: timezone | None) -> None:
    text = moment.replace(tzinfo=zone).isoformat(sep=" ", timespec="microseconds")
    assert values(STAMP, text) == [moment.replace(tzinfo=zone or SHANGHAI)]


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
