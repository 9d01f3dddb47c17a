"""Exemptions, extensions, the reminder ladder and the sender's clock: what moves a judgement, and what does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.envelope.manifest import Kind
from gateway.freshness import Facts, State, board, every_period

from .county import (
    MONTH_END,
    ONECARD,
    POLICE,
    at,
    county,
    delivery,
    exempt,
    extended,
    facts,
    feed,
    held,
    imbalance,
)

FEED, SEPTEMBER = "finance.onecard", "2026-09"


def row_of(known, moment, period=SEPTEMBER, catalogue=ONECARD):
    return next(row for row in every_period(catalogue, known, at(moment)) if str(row.period) == period)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-04T23:59:59", "overdue"),
        ("2026-11-05T00:00:00", "exempt"),
        ("2026-11-09T23:59:59", "exempt"),
        ("2026-11-10T00:00:00", "overdue"),
    ],
)
def test_an_exemption_counts_from_its_entry_to_its_withdrawal(moment, state):
    known = facts(exempt(FEED, SEPTEMBER, "2026-11-05T00:00:00", withdrawn="2026-11-10T00:00:00"))
    assert row_of(known, moment).state.value == state


def test_a_decision_does_not_tell_how_it_would_end():
    known = facts(exempt(FEED, SEPTEMBER, "2026-11-05T00:00:00", withdrawn="2026-11-10T00:00:00"))
    assert row_of(known, "2026-11-09T23:59:59").waiver == exempt(FEED, SEPTEMBER, "2026-11-05T00:00:00")
    assert row_of(known, "2026-11-10T00:00:00").waiver is None


@pytest.mark.parametrize(
    ("accepted", "kind", "state"),
    [
        ("2026-10-31T23:59:59", Kind.DATA, "on_time"),
        ("2026-10-31T23:59:59", Kind.NIL, "nil_on_time"),
        ("2026-11-01T00:00:00", Kind.DATA, "exempt"),
        ("2026-11-01T00:00:00", Kind.NIL, "exempt"),
    ],
)
def test_an_exempt_period_is_on_time_if_it_came_in_time_and_never_late(accepted, kind, state):
    known = facts(exempt(FEED, SEPTEMBER, "2026-10-05T00:00:00"), delivery(FEED, SEPTEMBER, accepted, kind=kind))
    row = row_of(known, "2026-11-20T00:00:00")
    assert (row.state.value, row.receipted_at) == (state, at(accepted))


def test_an_exempt_period_is_not_unbalanced_until_something_of_it_was_accepted():
    failed = imbalance(FEED, SEPTEMBER, "2026-10-20T00:00:00")
    decided = exempt(FEED, SEPTEMBER, "2026-10-05T00:00:00")
    assert row_of(facts(failed, decided), "2026-11-20T00:00:00").state is State.EXEMPT
    came = delivery(FEED, SEPTEMBER, "2026-10-10T00:00:00")
    assert row_of(facts(failed, decided, came), "2026-11-20T00:00:00").state is State.UNBALANCED


def test_an_exempt_period_is_neither_reminded_of_nor_held_nor_foretold():
    known = facts(exempt(FEED, SEPTEMBER, "2026-10-05T00:00:00"), held(FEED, SEPTEMBER, "2026-10-06T00:00:00"))
    row = row_of(known, "2026-10-30T00:00:00")
    assert (row.state, row.reminders, row.reminder, row.forecast) == (State.EXEMPT, (), None, None)
    assert row.held_since == at("2026-10-06T00:00:00")


def test_of_exempt_periods_the_board_shows_the_newest_ended_one_alone():
    known = facts(
        *(exempt(FEED, f"2026-{month:02}", "2026-10-05T00:00:00", number=f"{month}号") for month in range(6, 13))
    )
    catalogue = county(feed(FEED, starts="2026-05"))
    shown = {str(row.period): row.state.value for row in board(catalogue, known, at("2026-10-15T00:00:00"))}
    assert shown == {"2026-05": "overdue", "2026-09": "exempt", "2026-10": "exempt"}


def test_an_extension_moves_the_due_and_the_rules_own_stays_told():
    known = facts(extended(FEED, SEPTEMBER, "2026-10-20T00:00:00", "2026-11-15T23:59:59"))
    row = row_of(known, "2026-11-12T00:00:00")
    assert (row.due, row.rule_due) == (at("2026-11-15T23:59:59"), at("2026-10-31T23:59:59"))
    assert (row.state, row.reminder) == (State.DUE_SOON, 5)
    assert row_of(known, "2026-11-16T00:00:00").state is State.OVERDUE
    assert row_of(known, "2026-10-19T23:59:59").due == at("2026-10-31T23:59:59")


def test_an_extension_never_shortens_what_the_rule_gives_by_now():
    """Working days that become known may move the rule's own due beyond an extension entered before."""
    known = facts(extended(FEED, SEPTEMBER, "2026-10-20T00:00:00", "2026-10-30T23:59:59"))
    row = row_of(known, "2026-10-31T12:00:00")
    assert (row.due, row.state) == (at("2026-10-31T23:59:59"), State.DUE_SOON)


@pytest.mark.parametrize(("accepted", "state"), [("2026-11-15T23:59:59.9", "on_time"), ("2026-11-16T00:00:00", "late")])
def test_what_comes_within_an_extension_is_on_time(accepted, state):
    known = facts(
        extended(FEED, SEPTEMBER, "2026-10-20T00:00:00", "2026-11-15T23:59:59"), delivery(FEED, SEPTEMBER, accepted)
    )
    assert row_of(known, "2026-12-01T00:00:00").state.value == state


def test_of_several_extensions_the_one_entered_last_counts_and_its_withdrawal_brings_the_other_back():
    first = extended(FEED, SEPTEMBER, "2026-10-20T00:00:00", "2026-11-15T23:59:59")
    second = extended(
        FEED, SEPTEMBER, "2026-11-14T00:00:00", "2026-11-10T23:59:59", withdrawn="2026-11-20T00:00:00", number="2号"
    )
    for known in (facts(first, second), facts(second, first)):
        assert row_of(known, "2026-11-14T00:00:00").due == at("2026-11-10T23:59:59")
        assert row_of(known, "2026-11-20T00:00:00").due == at("2026-11-15T23:59:59")


def test_of_two_extensions_of_one_moment_the_later_line_counts():
    first = extended(FEED, SEPTEMBER, "2026-10-20T00:00:00", "2026-11-15T23:59:59")
    second = replace(first, until=at("2026-11-20T23:59:59"), number="2号", position=2)
    for known in (facts(first, second), facts(second, first)):
        assert row_of(known, "2026-10-21T00:00:00").due == at("2026-11-20T23:59:59")


def test_an_exemption_goes_before_an_extension():
    known = facts(
        exempt(FEED, SEPTEMBER, "2026-10-20T00:00:00"),
        extended(FEED, SEPTEMBER, "2026-10-25T00:00:00", "2026-11-15T23:59:59"),
    )
    row = row_of(known, "2026-12-01T00:00:00")
    assert (row.state, row.due, row.waiver.kind.value) == (State.EXEMPT, row.rule_due, "exempt")


@pytest.mark.parametrize(
    ("moment", "state", "rung"),
    [
        ("2026-10-21T23:59:58", "not_due", None),
        ("2026-10-21T23:59:59", "due_soon", 10),
        ("2026-10-29T23:59:58", "due_soon", 10),
        ("2026-10-29T23:59:59", "due_soon", 2),
        ("2026-10-31T23:59:59.999", "due_soon", 2),
        ("2026-11-01T00:00:00", "overdue", None),
    ],
)
def test_the_ladder_is_the_rules_own_and_ends_with_the_due(moment, state, rung):
    catalogue = county(feed(FEED, replace(MONTH_END, remind_days=(10, 2))))
    row = row_of(Facts(), moment, catalogue=catalogue)
    assert (row.state.value, row.reminder) == (state, rung)
    assert [(one.days, one.at) for one in row.reminders] == [
        (10, at("2026-10-21T23:59:59")),
        (2, at("2026-10-29T23:59:59")),
    ]


def test_a_held_batch_is_reminded_of_like_one_that_has_not_come():
    row = row_of(facts(held(FEED, SEPTEMBER, "2026-10-20T00:00:00")), "2026-10-30T00:00:00")
    assert (row.state, row.reminder, row.held_since) == (State.HELD, 3, at("2026-10-20T00:00:00"))


def test_what_has_come_and_what_still_runs_has_no_reminders():
    came = facts(delivery(FEED, SEPTEMBER, "2026-10-20T00:00:00"))
    assert row_of(came, "2026-10-30T00:00:00").reminders == ()
    assert row_of(Facts(), "2026-10-30T00:00:00", "2026-10").reminders == ()


HOUSEHOLD = "police.household"


@pytest.mark.parametrize(
    ("landed", "skew", "state", "corrected"),
    [
        ("2026-10-10T23:59:00", None, "on_time", None),
        ("2026-10-10T23:59:59", -60, "on_time", None),
        ("2026-10-10T23:59:59", -61, "late", "2026-10-11T00:01:00"),
        ("2026-10-10T23:00:00", -7200, "late", "2026-10-11T01:00:00"),
        ("2026-10-11T00:00:30", 60, "late", None),
        ("2026-10-11T00:00:30", 61, "on_time", "2026-10-10T23:59:29"),
        ("2026-10-10T12:00:00", 3600, "on_time", "2026-10-10T11:00:00"),
    ],
)
def test_a_clock_that_is_far_off_neither_saves_nor_condemns_what_landed(landed, skew, state, corrected):
    measured = None if skew is None else timedelta(seconds=skew)
    came = delivery(HOUSEHOLD, SEPTEMBER, "2026-10-12T09:00:00", landed=landed, skew=measured)
    row = row_of(facts(came), "2026-10-13T00:00:00", catalogue=POLICE)
    assert (row.state.value, row.landed_at) == (state, at(landed))
    assert row.landed_corrected == (at(corrected) if corrected else None)
    assert row.decided_at == (at(corrected) if corrected else at(landed))


def test_what_the_centre_has_had_landed_before_whatever_the_sender_signed():
    came = delivery(
        HOUSEHOLD, SEPTEMBER, "2026-10-10T23:59:40", landed="2026-10-11T00:00:10", skew=timedelta(seconds=30)
    )
    row = row_of(facts(came), "2026-10-13T00:00:00", catalogue=POLICE)
    assert (row.state, row.decided_at) == (State.ON_TIME, at("2026-10-10T23:59:40"))


def test_a_sender_with_a_wrong_clock_is_judged_by_acceptance_where_the_rule_says_so():
    came = delivery(FEED, SEPTEMBER, "2026-10-31T12:00:00", landed="2027-01-01T00:00:00", skew=timedelta(days=62))
    row = row_of(facts(came), "2026-11-13T00:00:00")
    assert (row.state, row.landed_corrected, row.decided_at) == (State.ON_TIME, None, at("2026-10-31T12:00:00"))


def test_a_receipt_counts_from_when_this_node_had_it():
    came = delivery(FEED, SEPTEMBER, "2026-10-30T12:00:00", heard_at=at("2026-11-02T08:00:00"))
    assert row_of(facts(came), "2026-11-02T07:59:59").state is State.OVERDUE
    assert row_of(facts(came), "2026-11-02T08:00:00").state is State.ON_TIME


def test_a_hold_told_by_another_node_counts_from_when_it_was_told():
    known = facts(replace(held(FEED, SEPTEMBER, "2026-10-05T00:00:00"), heard_at=at("2026-10-06T00:00:00")))
    assert row_of(known, "2026-10-05T23:59:59").state is State.NOT_DUE
    assert row_of(known, "2026-10-06T00:00:00").state is State.HELD
