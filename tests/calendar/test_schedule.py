"""Schedules: a rule that changes leaves what was owed before as it was, and no day without a period."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

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
    Shift,
    WorkingDays,
    require_succession,
    versions,
)
from gateway.errors import DueRuleInvalid

MONTH_END = DueRule(
    id="rule", title="-", cadence=Cadence.MONTHLY, months_after=1, day="last", judged_by=JudgedBy.ACCEPTED, article="旧"
)
TENTH = replace(MONTH_END, effective=date(2026, 7, 1), day=10, judged_by=JudgedBy.LANDED, article="新")
QUARTER = replace(MONTH_END, effective=date(2026, 7, 1), cadence=Cadence.QUARTERLY)
WEEK = replace(
    MONTH_END, effective=date(2026, 6, 1), cadence=Cadence.WEEKLY, months_after=None, day=None, workdays_after=2
)
EVENT = replace(MONTH_END, cadence=Cadence.EVENT, months_after=None, day=None, workdays_after=3)


def schedule(*rules):
    return Schedule(id="rule", rules=versions(rules), working=WorkingDays())


CHANGED = schedule(MONTH_END, TENTH)
TO_QUARTERS = schedule(MONTH_END, QUARTER)
TO_WEEKS = schedule(MONTH_END, WEEK)


def texts(periods):
    return [str(period) for period in periods]


@pytest.mark.parametrize(
    ("period", "due", "article"),
    [
        ("2026-05", "2026-06-30T23:59:59+08:00", "旧"),
        ("2026-06", "2026-07-31T23:59:59+08:00", "旧"),  # owed in July, but begun under the old rule
        ("2026-07", "2026-08-10T23:59:59+08:00", "新"),
        ("2020-01", "2020-02-29T23:59:59+08:00", "旧"),
    ],
)
def test_a_rule_that_changes_in_the_year_rules_what_starts_from_then_on(period, due, article):
    wanted = Period.parse(period)
    assert CHANGED.due(wanted).isoformat() == due
    assert CHANGED.rule_of(wanted).article == article


def test_a_rule_that_changes_its_cadence_begins_with_a_whole_period():
    assert texts(TO_QUARTERS.periods(Period.parse("2026-04"), date(2027, 4, 1))) == [
        "2026-04", "2026-05", "2026-06", "2026Q3", "2026Q4", "2027Q1",
    ]  # fmt: skip
    assert texts(TO_WEEKS.periods(Period.parse("2026-04"), date(2026, 6, 16))) == [
        "2026-04", "2026-05", "2026-W23", "2026-W24", "2026-W25",
    ]  # fmt: skip
    assert TO_QUARTERS.due(Period.parse("2026-06")).isoformat() == "2026-07-31T23:59:59+08:00"
    assert TO_QUARTERS.due(Period.parse("2026Q3")).isoformat() == "2026-10-31T23:59:59+08:00"
    assert TO_WEEKS.due(Period.parse("2026-W25")).isoformat() == "2026-06-23T23:59:59+08:00"


@pytest.mark.parametrize(
    ("day", "running", "complete"),
    [
        (date(2026, 6, 30), "2026-06", "2026-05"),
        (date(2026, 7, 1), "2026Q3", "2026-06"),
        (date(2026, 9, 30), "2026Q3", "2026-06"),
        (date(2026, 10, 1), "2026Q4", "2026Q3"),
    ],
)
def test_the_period_before_the_first_of_a_new_cadence_is_the_last_of_the_old(day, running, complete):
    assert str(TO_QUARTERS.running(day)) == running
    assert str(TO_QUARTERS.last_complete(day)) == complete


@pytest.mark.parametrize(
    ("period", "fits"),
    [
        ("2026-06", True),
        ("2026-07", False),
        ("2026Q2", False),
        ("2026Q3", True),
        ("2026", False),
        ("2026-07-01", False),
    ],
)
def test_only_the_periods_of_the_cadence_then_in_force_are_its_own(period, fits):
    wanted = Period.parse(period)
    assert TO_QUARTERS.fits(wanted) is fits
    if not fits:
        with pytest.raises(ValueError, match=f"period {period} is"):
            TO_QUARTERS.due(wanted)


def test_the_oldest_version_rules_all_that_was_before_it():
    only = schedule(TENTH)
    assert only.due(Period.parse("2017-12")).isoformat() == "2018-01-10T23:59:59+08:00"
    assert schedule(TENTH, replace(MONTH_END, effective=date(2028, 1, 1))).rule_on(date(1950, 1, 1)) == TENTH


def test_versions_may_be_written_in_any_order():
    assert schedule(TENTH, MONTH_END) == CHANGED
    assert (CHANGED.rules, CHANGED.newest) == ((MONTH_END, TENTH), TENTH)


@pytest.mark.parametrize(
    ("older", "newer", "said"),
    [
        (MONTH_END, replace(TENTH, effective=None), "two versions begin alike"),
        (TENTH, replace(QUARTER, effective=date(2026, 7, 1)), "two versions begin alike"),
        (QUARTER, replace(MONTH_END, effective=date(2026, 8, 1)), "first day of a period as it was (quarterly)"),
        (MONTH_END, replace(WEEK, effective=date(2026, 6, 8)), "first day of a period as it was (monthly)"),
        (MONTH_END, replace(EVENT, effective=date(2026, 7, 1)), "events and a rhythm"),
        (EVENT, TENTH, "events and a rhythm"),
    ],
)
def test_a_version_that_cannot_take_over_is_refused(older, newer, said):
    with pytest.raises(DueRuleInvalid) as refused:
        require_succession(older, newer)
    assert said in refused.value.message("en")
    with pytest.raises(DueRuleInvalid):
        Schedule(id="rule", rules=(older, newer), working=WorkingDays())


def test_a_rule_of_events_may_change_on_any_day():
    shorter = replace(EVENT, effective=date(2026, 11, 18), workdays_after=1)
    changed = schedule(EVENT, shorter)
    assert changed.due(Period.parse("2026-11-17T2359")).isoformat() == "2026-11-20T23:59:59+08:00"
    assert changed.due(Period.parse("2026-11-18T0000")).isoformat() == "2026-11-19T23:59:59+08:00"
    assert (changed.event_driven, CHANGED.event_driven) == (True, False)


@pytest.mark.parametrize(
    "ask",
    [lambda known: known.running(date(2026, 11, 22)), lambda known: known.last_complete(date(2026, 11, 22)),
     lambda known: known.after(Period.parse("2026-11-22T0930")),
     lambda known: known.before(Period.parse("2026-11-22T0930")),
     lambda known: list(known.periods(Period.parse("2026-11-22T0930"), date(2027, 1, 1)))],
)  # fmt: skip
def test_events_are_not_enumerated(ask):
    with pytest.raises(ValueError, match="an event is a period of its own"):
        ask(schedule(EVENT))


def test_on_time_is_judged_by_the_version_of_the_period():
    moment = datetime(2026, 8, 10, 23, 59, 59, 999_999, tzinfo=ASIA_SHANGHAI)
    assert CHANGED.on_time(Period.parse("2026-07"), moment)
    assert not CHANGED.on_time(Period.parse("2026-07"), moment + timedelta(microseconds=1))


def test_reminders_come_so_many_days_before_the_deadline():
    ladder = schedule(replace(TENTH, effective=None, remind_days=(10, 2)))
    assert [(days, at.isoformat()) for days, at in ladder.reminders(Period.parse("2026-11"))] == [
        (10, "2026-11-30T23:59:59+08:00"), (2, "2026-12-08T23:59:59+08:00"),
    ]  # fmt: skip
    assert [days for days, _ in CHANGED.reminders(Period.parse("2026-11"))] == [5, 3, 1]


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        ((MONTH_END,), False),
        ((MONTH_END, TENTH), False),
        ((MONTH_END, replace(TENTH, shift=Shift.HOLIDAY_ONLY)), True),
        ((EVENT,), True),
        ((replace(EVENT, workdays_after=None, hours_after=5),), False),
    ],
)
def test_a_schedule_says_whether_it_needs_the_working_days(rules, needs):
    assert schedule(*rules).needs_working_days is needs


days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
months = st.integers(0, 60).map(lambda n: date(2022 + n // 12, n % 12 + 1, 1))
rhythms = st.sampled_from([cadence for cadence in Cadence if cadence is not Cadence.EVENT])


@st.composite
def changing(draw):
    """Up to four versions, each of a cadence that can take over on its day."""
    rules = [replace(MONTH_END, cadence=draw(rhythms))]
    for begins in sorted(draw(st.lists(months, max_size=3, unique=True))):
        fitting = [one for one in Cadence if one is not Cadence.EVENT and _begins(one, begins)]
        rule = replace(
            MONTH_END, effective=begins, cadence=draw(st.sampled_from(fitting)), day=draw(st.integers(1, 28))
        )
        if _begins(rules[-1].cadence, begins):
            rules.append(rule)
    return schedule(*rules)


def _begins(cadence, day):
    return Period.containing(cadence, day).start == day


@given(changing(), days, st.integers(1, 900))
def test_whatever_changes_periods_follow_each_other_without_gap_or_overlap(known, day, length):
    first, until = known.running(day), day + timedelta(days=length)
    found = list(known.periods(first, until))
    assert found[0] == first
    assert all(one.end == two.start for one, two in pairwise(found))
    assert found[-1].start < until <= found[-1].end
    assert all(known.fits(one) for one in found)


@given(changing(), days)
def test_the_running_period_holds_the_day_and_lies_between_its_neighbours(known, day):
    running = known.running(day)
    assert running.start <= day < running.end
    assert known.before(known.after(running)) == running == known.after(known.before(running))
    assert known.last_complete(day) == known.before(running)


@given(changing(), days, st.integers(1, 28))
def test_a_new_version_changes_no_deadline_of_what_started_before_it(known, day, last):
    begins = date(2029, 1, 1)  # every cadence but the week has a first day then
    newest = known.newest
    if not _begins(newest.cadence, begins):
        return
    later = replace(newest, effective=begins, day=last)
    changed = Schedule(id="rule", rules=(*known.rules, later), working=WorkingDays())
    period = changed.running(day)
    if period.start < begins:
        assert changed.deadline(period) == known.deadline(period)
    else:
        assert changed.rule_of(period) == later
