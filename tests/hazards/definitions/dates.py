"""Hazards of dates, months and moments."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import cell, of

DAY, MONTH, MOMENT = of("date"), of("month"), of("timestamp")
SECTION = "domain 6.8"

CELLS = (
    ("no_such_day", "30 February", "20170230", DAY, "YZ-3032"),
    ("no_leap_day", "29 February of a common year", "2017-02-29", DAY, "YZ-3032"),
    ("leap_day", "29 February of a leap year", "2016-02-29", DAY, "2016-02-29"),
    ("leap_century", "29 February 1900, which Excel believes in", "1900-02-29", DAY, "YZ-3032"),
    ("zeros", "00000000 for none", "00000000", DAY, "YZ-3033"),
    ("zeros_with_dashes", "0000-00-00 for none, as MySQL prints it", "0000-00-00", DAY, "YZ-3033"),
    ("for_ever", "99991231 for long term", "99991231", DAY, "YZ-3033"),
    ("compact", "eight digits", "20171001", DAY, "2017-10-01"),
    ("points", "parted by points", "2017.8.1", DAY, "2017-08-01"),
    ("chinese", "with its Chinese words", "2017年8月1日", DAY, "2017-08-01"),
    ("no_day", "a date without its day", "2017年8月", DAY, "YZ-3035"),
    ("six_digits", "201708: a month in a date's place", "201708", DAY, "YZ-3035"),
    ("excel_serial", "43101, the day a spreadsheet counts from 1900", "43101", DAY, "YZ-3037"),
    ("midnight", "a date with midnight behind it", "2017-08-01 00:00:00", DAY, "2017-08-01"),
    ("with_time", "a date with a time of day", "2017-08-01 08:30:00", DAY, "YZ-3036"),
    ("day_first", "01/08/2017: nobody can say which is the month", "01/08/2017", DAY, "YZ-3031"),
    ("two_digit_year", "17-08-01", "17-08-01", DAY, "YZ-3031"),
    ("month_13", "a month of 13", "2017-13-01", DAY, "YZ-3032"),
    ("year_before_all", "the year 1066", "1066-10-14", DAY, "YZ-3034"),
    ("bc", "a year before Christ, as PostgreSQL prints it", "0044-03-15 BC", DAY, "YZ-3034"),
    ("infinity", "infinity, as PostgreSQL prints it", "infinity", DAY, "YZ-3031"),
    ("english_month", "an English month, as Oracle prints it", "01-AUG-17", DAY, "YZ-3031"),
    ("full_width", "full-width digits", "２０１７-08-01", DAY, "YZ-3015"),
    ("month_point", "2017.1: it may have been 2017.10", "2017.1", MONTH, "YZ-3038"),
    ("month_compact", "six digits", "201708", MONTH, "2017-08"),
    ("month_chinese", "with its Chinese words", "2017年8月", MONTH, "2017-08"),
    ("month_zero", "a month of 00", "201700", MONTH, "YZ-3038"),
    ("moment_fourteen_digits", "fourteen digits", "20170801083000", MOMENT, "2017-08-01T08:30:00+08:00"),
    ("moment_offset", "another offset is the same instant", "2017-08-01T00:30:00Z", MOMENT, "2017-08-01T08:30:00+08:00"),
    ("moment_hour_24", "24:00:00 is no time of this day", "2017-08-01 24:00:00", MOMENT, "YZ-3040"),
    ("moment_leap_second", "a leap second, which no store here holds", "2016-12-31 23:59:60", MOMENT, "YZ-3040"),
    ("moment_summer_time", "summer time of 1986 to 1991: an hour that happened twice", "1990-09-16 01:30:00", MOMENT, "YZ-3041"),
    ("moment_without_seconds", "a moment without its seconds", "2017-08-01 08:30", MOMENT, "YZ-3039"),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, value, field, outcome in CELLS:
        yield cell(f"date_{name}", "dates", shows, SECTION, value, field, outcome)
