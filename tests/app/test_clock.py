"""What people write for a moment, a day or a minute, and what is refused before anything is computed with it."""

from __future__ import annotations

import pytest

from gateway.app import end_of, minute, moment
from gateway.errors import MomentInvalid


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-30T23:59:59", "2026-11-30T23:59:59+08:00"),
        ("2026-11-30T15:59:59+00:00", "2026-11-30T15:59:59+00:00"),
        ("2026-11-30", "2026-11-30T00:00:00+08:00"),
    ],
)
def test_a_moment_without_an_offset_is_beijing_time(text: str, at: str) -> None:
    assert moment(text).isoformat() == at


@pytest.mark.parametrize("text", ["2026-11-30", "20261130", "2026-W49-1"])
def test_a_date_lasts_to_its_end_and_names_no_minute(text: str) -> None:
    assert end_of(text).isoformat() == "2026-11-30T23:59:59+08:00"
    with pytest.raises(MomentInvalid):
        minute(text)


def test_what_has_no_end_in_sight_ends_in_2999_but_no_board_is_asked_for_then() -> None:
    assert end_of("2999-12-31").isoformat() == "2999-12-31T23:59:59+08:00"
    with pytest.raises(MomentInvalid):
        moment("2999-12-31")


def test_a_time_of_day_ends_there_and_is_a_minute() -> None:
    assert end_of("2026-11-30T17:00").isoformat() == "2026-11-30T17:00:00+08:00"
    assert minute("2026-11-30T09:30").isoformat() == "2026-11-30T09:30:00+08:00"


def test_a_date_is_offered_where_one_is_taken() -> None:
    with pytest.raises(MomentInvalid) as refused:
        end_of("30.11.2026")
    assert refused.value.facts["expected"] == "2026-11-30 / 2026-11-30T23:59:59+08:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-29",
        "2026-11-30T24:30",
        "0001-01-01T00:00:00+14:00",
        "1900-01-01",
        "3000-01-01",
        "9999-12-31",
    ],
)
def test_what_is_no_moment_or_lies_beyond_all_periods_is_refused(text: str) -> None:
    for read in (moment, end_of, minute):
        with pytest.raises(MomentInvalid):
            read(text)
