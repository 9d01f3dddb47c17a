"""What a driver is told, and where the site's own words stand."""

from __future__ import annotations

import pytest

from adapters.odbc.drivers import completed

POSTGRES = ";UseDeclareFetch=1;Fetch=5000;BoolsAsChar=0"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Driver=PostgreSQL Unicode;Server=h", "Driver=PostgreSQL Unicode;Server=h" + POSTGRES),
        ("Driver={KingbaseES 8 ODBC Driver};", "Driver={KingbaseES 8 ODBC Driver}" + POSTGRES),
        ("driver=GaussMPP", "driver=GaussMPP" + POSTGRES),
        ("DSN=county", "DSN=county" + POSTGRES),
        ("DSN=unknown", "DSN=unknown"),
        ("Driver=PostgreSQL ANSI;fetch = 10;UseDeclareFetch=0;BoolsAsChar=1", None),
        ("Driver=MariaDB Unicode;CHARSET=gbk", "Driver=MariaDB Unicode;CHARSET=gbk;FORWARDONLY=1"),
        ("Driver=FreeTDS;Server=h", "Driver=FreeTDS;Server=h;TDS_Version=7.4;ClientCharset=UTF-8"),
        ("Driver=SQLite3;StepAPI=1;NoCreat=0", None),
        ("Driver=MDBTools;DBQ=/a;b=postgres", None),
    ],
)
def test_a_setting_is_added_only_where_the_site_does_not_say(given: str, expected: str | None) -> None:
    assert completed(given, {"county": "PostgreSQL Unicode"}) == (expected or given)
