"""The board: which periods it shows, and how it judges them, at any moment and without hindsight."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calendar import ASIA_SHANGHAI, Cadence
from gateway.catalogue import Mode
from gateway.envelope.manifest import Kind
from gateway.freshness import Facts, State, board

from .county import MONTH_END, ONECARD, POLICE, QUARTER, at, county, delivery, facts, feed, held, imbalance


def states(catalogue, known, moment):
    return {str(row.period): row.state.value for row in board(catalogue, known, at(moment))}


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-10-01T00:00:00", "not_due"),
        ("2026-10-26T23:59:58", "not_due"),
        ("2026-10-26T23:59:59", "due_soon"),
        ("2026-10-31T23:59:59", "due_soon"),
        ("2026-10-31T23:59:59.999999", "due_soon"),
        ("2026-11-01T00:00:00", "overdue"),
        ("2027-05-01T00:00:00", "overdue"),
    ],
)
def test_what_has_not_come_moves_from_not_due_over_due_soon_to_overdue_by_itself(moment, state):
    assert states(ONECARD, Facts(), moment)["2026-09"] == state


@pytest.mark.parametrize(
    ("accepted", "state"),
    [
        ("2026-10-02T08:00:00", "on_time"),
        ("2026-10-31T23:59:59", "on_time"),
        ("2026-10-31T23:59:59.900000", "on_time"),
        ("2026-11-01T00:00:00", "late"),
        ("2026-12-24T09:00:00", "late"),
    ],
)
def test_the_receipts_own_time_decides_and_not_the_time_of_looking(accepted, state):
    known = facts(delivery("finance.onecard", "2026-09", accepted))
    assert states(ONECARD, known, "2026-12-24T10:00:00")["2026-09"] == state


def test_comparison_data_is_on_time_once_it_is_on_the_front_end_machine():
    late_at_the_centre = delivery("police.household", "2026-09", "2026-10-12T09:00:00", landed="2026-10-10T23:59:59")
    assert states(POLICE, facts(late_at_the_centre), "2026-10-13T00:00:00")["2026-09"] == "on_time"
    late_on_the_machine = delivery("police.household", "2026-09", "2026-10-12T09:00:00", landed="2026-10-11T00:00:00")
    assert states(POLICE, facts(late_on_the_machine), "2026-10-13T00:00:00")["2026-09"] == "late"


def test_all_other_data_is_on_time_only_once_the_centre_has_it():
    landed_in_time = delivery("finance.onecard", "2026-09", "2026-11-01T00:00:01", landed="2026-10-20T00:00:00")
    assert states(ONECARD, facts(landed_in_time), "2026-11-02T00:00:00")["2026-09"] == "late"


def test_comparison_data_without_a_receipt_is_overdue_wherever_it_may_lie():
    assert states(POLICE, Facts(), "2026-10-11T00:00:00")["2026-09"] == "overdue"


def test_a_correction_changes_the_figures_and_not_the_judgement():
    first = delivery("finance.onecard", "2026-09", "2026-10-30T00:00:00")
    second = delivery(
        "finance.onecard", "2026-09", "2026-11-20T00:00:00", revision=2, rows=99, amount=1, problem_rows=0
    )
    for known in (facts(first, second), facts(second, first)):
        [row, *_] = board(ONECARD, known, at("2026-11-21T00:00:00"))
        assert (row.state, row.receipted_at, row.landed_at) == (State.ON_TIME, first.accepted_at, first.landed_at)
        assert (row.revision, row.rows, row.amount, row.problem_rows, row.batch) == (2, 99, 1, 0, second.batch)


def test_the_portions_of_an_increment_count_together_and_a_portion_that_removes_counts_less():
    increment = county(replace(feed("finance.onecard"), mode=Mode.INCREMENT))
    came = [
        delivery("finance.onecard", "2026-09", f"2026-10-{day}T00:00:00", revision=n, rows=rows, amount=fen)
        for n, (day, rows, fen) in enumerate(((10, 40, 900), (11, 5, 50), (12, -2, -70)), 1)
    ]
    [row, *_] = board(increment, facts(*came), at("2026-10-13T00:00:00"))
    assert (row.revision, row.rows, row.amount, row.problem_rows, row.batch) == (3, 43, 880, 9, came[2].batch)
    [before, *_] = board(increment, facts(*came), at("2026-10-11T12:00:00"))
    assert (before.revision, before.rows, before.amount, before.problem_rows) == (2, 45, 950, 6)


def test_a_late_first_revision_stays_late_whatever_follows():
    first = delivery("finance.onecard", "2026-09", "2026-11-01T00:00:00")
    second = delivery("finance.onecard", "2026-09", "2026-11-02T00:00:00", revision=2)
    assert states(ONECARD, facts(first, second), "2026-11-21T00:00:00")["2026-09"] == "late"


def test_an_attempt_that_does_not_balance_says_so_until_a_receipt_settles_it():
    failed = imbalance("finance.onecard", "2026-09", "2026-10-20T09:00:00")
    came = delivery("finance.onecard", "2026-09", "2026-10-21T09:00:00")
    assert states(ONECARD, facts(failed), "2026-10-20T10:00:00")["2026-09"] == "unbalanced"
    assert states(ONECARD, facts(failed), "2026-11-20T10:00:00")["2026-09"] == "unbalanced"
    assert states(ONECARD, facts(failed, came), "2026-10-21T10:00:00")["2026-09"] == "on_time"


def test_a_correction_that_does_not_balance_says_so_and_the_standing_figures_stay():
    came = delivery("finance.onecard", "2026-09", "2026-10-21T09:00:00")
    failed = imbalance("finance.onecard", "2026-09", "2026-10-22T09:00:00")
    newer = delivery("finance.onecard", "2026-10", "2026-11-05T09:00:00")
    rows = {str(row.period): row for row in board(ONECARD, facts(came, failed, newer), at("2026-11-20T00:00:00"))}
    assert (rows["2026-09"].state, rows["2026-09"].rows, rows["2026-09"].batch) == (State.UNBALANCED, 100, came.batch)
    settled = delivery("finance.onecard", "2026-09", "2026-11-06T09:00:00", revision=2)
    assert "2026-09" not in states(ONECARD, facts(came, failed, newer, settled), "2026-11-20T00:00:00")


def test_every_ended_period_without_a_receipt_is_shown_however_old():
    shown = states(county(feed("finance.onecard", starts="2026-05")), Facts(), "2026-09-15T00:00:00")
    assert shown == {
        "2026-05": "overdue",
        "2026-06": "overdue",
        "2026-07": "overdue",
        "2026-08": "not_due",
        "2026-09": "not_due",
    }


def test_of_the_receipted_periods_only_the_newest_is_shown_and_a_gap_stays_open():
    known = facts(
        delivery("finance.onecard", "2026-05", "2026-06-10T00:00:00"),
        delivery("finance.onecard", "2026-06", "2026-07-10T00:00:00"),
        delivery("finance.onecard", "2026-08", "2026-09-10T00:00:00"),
    )
    shown = states(county(feed("finance.onecard", starts="2026-05")), known, "2026-09-15T00:00:00")
    assert shown == {"2026-07": "overdue", "2026-08": "on_time", "2026-09": "not_due"}


def test_periods_before_the_first_one_owed_are_not_owed():
    shown = states(county(feed("finance.onecard", starts="2026-10")), Facts(), "2026-11-22T00:00:00")
    assert shown == {"2026-10": "not_due", "2026-11": "not_due"}


def test_a_feed_that_starts_later_is_on_the_board_with_its_first_period():
    shown = states(county(feed("finance.onecard", starts="2027-03")), Facts(), "2026-11-22T00:00:00")
    assert shown == {"2027-03": "not_due"}


def test_data_that_comes_before_its_period_has_ended_is_on_time():
    known = facts(delivery("finance.onecard", "2026-10", "2026-10-28T00:00:00"))
    assert states(ONECARD, known, "2026-10-29T00:00:00")["2026-10"] == "on_time"


def test_the_running_period_is_not_pressing_even_the_day_before_its_end():
    daily = replace(MONTH_END, cadence=Cadence.DAILY, months_after=None, day=None, days_after=1)
    shown = states(county(feed("police.household", daily, "2026-11-21")), Facts(), "2026-11-22T09:00:00")
    assert shown == {"2026-11-21": "due_soon", "2026-11-22": "not_due"}


def test_quarterly_feeds_are_judged_by_quarters():
    catalogue = county(feed("finance.onecard", QUARTER, "2026Q2"))
    assert states(catalogue, Facts(), "2026-10-28T00:00:00") == {
        "2026Q2": "overdue",
        "2026Q3": "due_soon",
        "2026Q4": "not_due",
    }


def test_what_was_delivered_under_another_cadence_does_not_disturb_the_board():
    known = facts(
        delivery("finance.onecard", "2026Q2", "2026-07-10T00:00:00"),
        imbalance("finance.onecard", "2026", "2026-07-10T00:00:00"),
    )
    assert states(ONECARD, known, "2026-10-15T00:00:00") == {"2026-09": "not_due", "2026-10": "not_due"}


def test_facts_of_a_feed_the_catalogue_does_not_hold_are_not_shown():
    known = facts(delivery("finance.other", "2026-09", "2026-10-10T00:00:00"))
    assert {row.feed for row in board(ONECARD, known, at("2026-10-15T00:00:00"))} == {"finance.onecard"}


def test_rows_come_by_department_then_feed_then_period():
    catalogue = county(feed("police.household"), feed("civil.dibao"), feed("finance.onecard"))
    rows = board(catalogue, Facts(), at("2026-11-15T00:00:00"))
    assert [row.feed for row in rows[::3]] == ["finance.onecard", "civil.dibao", "police.household"]
    assert [str(row.period) for row in rows[:3]] == ["2026-09", "2026-10", "2026-11"]


def test_midnight_is_that_of_beijing():
    as_utc = datetime.fromisoformat("2026-10-31T15:59:59+00:00")
    assert {row.state for row in board(ONECARD, Facts(), as_utc) if str(row.period) == "2026-09"} == {State.DUE_SOON}
    a_second_later = as_utc + timedelta(seconds=1)
    assert [str(row.period) for row in board(ONECARD, Facts(), a_second_later)] == ["2026-09", "2026-10", "2026-11"]


HISTORY = facts(
    delivery("finance.onecard", "2026-09", "2026-10-12T09:00:00"),
    imbalance("finance.onecard", "2026-09", "2026-10-11T09:00:00"),
    delivery("finance.onecard", "2026-09", "2026-11-12T09:00:00", revision=2, rows=7),
    imbalance("finance.onecard", "2026-10", "2026-11-20T09:00:00"),
    delivery("finance.onecard", "2026-10", "2026-12-02T09:00:00"),
)
moments = st.datetimes(datetime(2026, 9, 1), datetime(2027, 3, 1), timezones=st.just(ASIA_SHANGHAI))


@given(moments)
def test_a_past_board_is_the_same_whatever_happened_since(moment):
    known_then = facts(
        *(one for one in HISTORY.deliveries if one.accepted_at <= moment),
        *(one for one in HISTORY.imbalances if one.at <= moment),
    )
    assert board(ONECARD, HISTORY, moment) == board(ONECARD, known_then, moment)


def test_looking_back_shows_what_was_seen_then():
    assert states(ONECARD, HISTORY, "2026-10-10T00:00:00")["2026-09"] == "not_due"
    assert states(ONECARD, HISTORY, "2026-10-11T12:00:00")["2026-09"] == "unbalanced"
    assert states(ONECARD, HISTORY, "2026-10-12T12:00:00")["2026-09"] == "on_time"
    assert states(ONECARD, HISTORY, "2026-11-22T00:00:00") == {
        "2026-09": "on_time",
        "2026-10": "unbalanced",
        "2026-11": "not_due",
    }


@given(moments, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_told_does_not_matter(moment, chance: random.Random):
    told = [*HISTORY.deliveries, *HISTORY.imbalances]
    chance.shuffle(told)
    assert board(ONECARD, facts(*told), moment) == board(ONECARD, HISTORY, moment)


@given(moments)
def test_no_owed_period_without_a_receipt_is_ever_missing(moment):
    shown = {row.period for row in board(ONECARD, HISTORY, moment)}
    receipted = {one.period for one in HISTORY.deliveries if one.accepted_at <= moment}
    period = ONECARD.feeds[0].starts
    while period.end <= moment.date():
        assert period in shown or period in receipted
        period = period.next()


def test_a_receipt_of_the_same_moment_settles_an_imbalance():
    known = facts(
        imbalance("finance.onecard", "2026-09", "2026-10-21T09:00:00"),
        delivery("finance.onecard", "2026-09", "2026-10-21T09:00:00"),
    )
    assert states(ONECARD, known, "2026-10-22T00:00:00")["2026-09"] == "on_time"


@pytest.mark.parametrize(
    ("accepted", "state"), [("2026-10-31T23:59:59", "nil_on_time"), ("2026-11-01T00:00:00", "nil_late")]
)
def test_a_nil_return_is_on_time_or_late_like_any_other(accepted, state):
    nothing = delivery("finance.onecard", "2026-09", accepted, kind=Kind.NIL, rows=0, amount=0, problem_rows=0)
    assert states(ONECARD, facts(nothing), "2026-12-24T10:00:00")["2026-09"] == state


def test_a_nil_return_that_was_corrected_is_none_any_more():
    nothing = delivery("finance.onecard", "2026-09", "2026-10-10T00:00:00", kind=Kind.NIL, rows=0, amount=0)
    rows = delivery("finance.onecard", "2026-09", "2026-11-20T00:00:00", revision=2, kind=Kind.CORRECTION)
    assert states(ONECARD, facts(nothing, rows), "2026-11-19T00:00:00")["2026-09"] == "nil_on_time"
    assert states(ONECARD, facts(nothing, rows), "2026-11-21T00:00:00")["2026-09"] == "on_time"


def test_a_period_that_was_emptied_by_a_correction_was_reported_all_the_same():
    rows = delivery("finance.onecard", "2026-09", "2026-10-10T00:00:00")
    emptied = delivery("finance.onecard", "2026-09", "2026-10-20T00:00:00", revision=2, kind=Kind.CORRECTION, rows=0)
    assert states(ONECARD, facts(rows, emptied), "2026-11-21T00:00:00")["2026-09"] == "on_time"


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-10-04T23:59:59", "not_due"),
        ("2026-10-05T00:00:00", "held"),
        ("2026-10-31T23:59:59.999999", "held"),
        ("2026-11-01T00:00:00", "overdue"),
    ],
)
def test_a_batch_that_waits_for_a_reviewer_is_held_until_it_is_overdue(moment, state):
    known = facts(held("finance.onecard", "2026-09", "2026-10-05T00:00:00"))
    assert states(ONECARD, known, moment)["2026-09"] == state


def test_a_board_for_a_past_moment_shows_held_what_was_released_since():
    known = facts(
        held("finance.onecard", "2026-09", "2026-10-05T00:00:00", until="2026-10-07T00:00:00"),
        delivery("finance.onecard", "2026-09", "2026-10-07T01:00:00"),
    )
    assert states(ONECARD, known, "2026-10-06T23:59:59")["2026-09"] == "held"
    assert states(ONECARD, known, "2026-10-07T00:30:00")["2026-09"] == "not_due"
    assert states(ONECARD, known, "2026-10-08T00:00:00")["2026-09"] == "on_time"


def test_a_correction_that_is_held_changes_nothing_on_the_board():
    known = facts(
        delivery("finance.onecard", "2026-09", "2026-10-07T01:00:00"),
        held("finance.onecard", "2026-09", "2026-10-09T00:00:00"),
    )
    assert states(ONECARD, known, "2026-10-10T00:00:00")["2026-09"] == "on_time"
