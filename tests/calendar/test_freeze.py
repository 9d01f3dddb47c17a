"""The year freeze: which moment closes a period, and that no change of a rule ever reopens what is closed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period, YearFreeze, closing
from gateway.errors import FreezeInvalid

ARTICLE = "第十八条"


def rule(effective, closes="04-01", name="rule"):
    return YearFreeze.of(id=name, effective=effective, closes=closes, article=ARTICLE)


STATUTE = (rule("2018-01-01"),)


def closed(rules, period, moment):
    """As front-end and centre ask: at this very moment, is the period's year closed?"""
    found = closing(rules, Period.parse(period))
    return found is not None and moment >= found.at


def beijing(text):
    return datetime.fromisoformat(text).replace(tzinfo=ASIA_SHANGHAI)


@pytest.mark.parametrize(
    "period", ["2025-01", "2025-12", "2025Q1", "2025Q4", "2025H1", "2025H2", "2025", "2025-01-01", "2025-12-31",
     "2025-W01", "2025-W52", "2025-01-01T0000", "2025-12-31T2359"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("moment", "is_closed"),
    [
        ("2025-12-31T23:59:59", False),
        ("2026-01-01T00:00:00", False),
        ("2026-03-31T23:59:59.999999", False),
        ("2026-04-01T00:00:00", True),
        ("2026-12-31T00:00:00", True),
        ("2090-01-01T00:00:00", True),
    ],
)
def test_last_years_periods_are_closed_from_the_first_instant_of_april_on(period, moment, is_closed):
    assert closed(STATUTE, period, beijing(moment)) is is_closed


def test_the_wall_stands_in_beijing_wherever_the_clock_is():
    eve = datetime(2026, 3, 31, 16, 0, tzinfo=ZoneInfo("UTC"))
    assert closed(STATUTE, "2025-12", eve)
    assert not closed(STATUTE, "2025-12", eve - timedelta(microseconds=1))


@pytest.mark.parametrize("period", ["2026-01", "2026Q1", "2026H1", "2026", "2026-03-31", "2026-W01", "2026-01-01T0000"])
def test_this_years_periods_stay_open_in_april(period):
    assert not closed(STATUTE, period, beijing("2026-04-01T00:00:00"))


@pytest.mark.parametrize(
    ("rules", "period", "at", "by"),
    [
        pytest.param([], "2025-12", None, None, id="no rule closes nothing"),
        pytest.param([("a", "2018-01-01", "04-01")], "2010", "2018-01-01", "a", id="older years close with the rule"),
        pytest.param(
            [("a", "2018-01-01", "04-01"), ("b", "2026-02-01", "07-01")], "2025-12", "2026-07-01", "b",
            id="a later day for a year that is still open",
        ),
        pytest.param(
            [("a", "2018-01-01", "04-01"), ("b", "2026-04-01", "07-01")], "2025-12", "2026-04-01", "a",
            id="on the very day of the closing it is too late",
        ),
        pytest.param(
            [("a", "2018-01-01", "04-01"), ("b", "2026-05-01", "07-01")], "2025-12", "2026-04-01", "a",
            id="a closed year is not reopened in May",
        ),
        pytest.param(
            [("a", "2018-01-01", "04-01"), ("b", "2026-05-01", "07-01")], "2026-01", "2027-07-01", "b",
            id="the next year follows the new rule",
        ),
        pytest.param(
            [("a", "2018-01-01", "04-01"), ("b", "2026-03-01", "02-01")], "2025-12", "2026-03-01", "b",
            id="an earlier day closes when the rule begins, not before",
        ),
        pytest.param(
            [("b", "2026-05-01", "07-01"), ("a", "2018-01-01", "04-01")], "2025-12", "2026-04-01", "a",
            id="whatever order the catalogue writes them in",
        ),
    ],
)  # fmt: skip
def test_rules_take_effect_on_their_day(rules, period, at, by):
    found = closing([rule(effective, closes, name) for name, effective, closes in rules], Period.parse(period))
    if at is None:
        assert found is None
    else:
        assert (found.at, found.rule.id) == (beijing(at), by)


days = st.dates(min_value=date(2010, 1, 1), max_value=date(2040, 12, 31))
closing_days = st.dates(min_value=date(2025, 1, 1), max_value=date(2025, 12, 31)).map(lambda day: f"{day:%m-%d}")
rules = st.builds(lambda day, closes: rule(day.isoformat(), closes), days, closing_days)
RHYTHMS = [cadence for cadence in Cadence if cadence is not Cadence.EVENT]
periods = st.builds(Period.containing, st.sampled_from(RHYTHMS), days) | st.builds(
    Period.of_event, st.datetimes(datetime(2010, 1, 1), datetime(2040, 12, 31), timezones=st.just(ASIA_SHANGHAI))
)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2042, 1, 1), timezones=st.just(ASIA_SHANGHAI))


@given(st.lists(rules, max_size=4), rules, periods, moments)
def test_a_new_rule_never_changes_what_was_so_before_it_took_effect(known, new, period, moment):
    begins = datetime.combine(new.effective, datetime.min.time(), ASIA_SHANGHAI)
    if any(one.effective == new.effective for one in known) or moment >= begins:
        return
    assert closed(known, str(period), moment) == closed([*known, new], str(period), moment)


@given(st.lists(rules, min_size=1, max_size=4), rules, periods)
def test_a_year_closed_when_a_rule_takes_effect_stays_closed(known, new, period):
    begins = datetime.combine(new.effective, datetime.min.time(), ASIA_SHANGHAI)
    before = closing([one for one in known if one.effective < new.effective], period)
    after = closing([one for one in known if one.effective < new.effective] + [new], period)
    if before is not None and before.at <= begins:
        assert after == before


@given(st.lists(rules, min_size=1, max_size=4), periods, moments, st.timedeltas(min_value=timedelta(0)))
def test_what_is_closed_stays_closed(known, period, moment, later):
    try:
        then = moment + later
    except OverflowError:
        return
    assert not closed(known, str(period), moment) or closed(known, str(period), then)


@given(st.lists(rules, max_size=4), periods)
def test_all_periods_of_a_year_close_together(known, period):
    year = Period.parse(str(period.year))
    assert closing(known, period) == closing(known, year)


@pytest.mark.parametrize(
    ("effective", "closes"),
    [("2018-01-01", "02-29"), ("2018-01-01", "4-1"), ("2018-01-01", "13-01"), ("2018-02-30", "04-01"), ("", "04-01"),
     ("2018-01-01", "04-01 "), ("2018-01-01", "")],
)  # fmt: skip
def test_a_rule_that_names_no_day_is_refused(effective, closes):
    with pytest.raises(FreezeInvalid):
        rule(effective, closes)
