"""Event-driven feeds: owed is what happened, from its minute on; where nothing happened nothing is owed."""

import pytest

from gateway.calendar import Period
from gateway.freshness import Facts, board, every_period, obligations

from .county import ACCIDENTS, at, delivery, exempt, facts, held, imbalance, occurrence

FEED = "police.accident"
FIRST, SECOND = "2026-10-03T0930", "2026-10-08T2200"


def states(known, moment, view=board):
    return {str(row.period): row.state.value for row in view(ACCIDENTS, known, at(moment))}


def test_where_nothing_happened_there_is_no_row():
    assert states(Facts(), "2026-11-01T00:00:00") == {}


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-10-03T10:59:59", {}),
        ("2026-10-03T11:00:00", {FIRST: "due_soon"}),
        ("2026-10-04T09:30:00.9", {FIRST: "due_soon"}),
        ("2026-10-04T09:30:01", {FIRST: "overdue"}),
    ],
)
def test_an_event_is_owed_from_its_entry_and_late_by_its_own_minute(moment, shown):
    assert states(facts(occurrence(FEED, FIRST, "2026-10-03T11:00:00")), moment) == shown


def test_of_the_reported_events_only_the_newest_is_shown_and_every_open_one():
    known = facts(
        occurrence(FEED, FIRST, "2026-10-03T11:00:00"),
        occurrence(FEED, SECOND, "2026-10-08T22:10:00"),
        occurrence(FEED, "2026-10-01T0000", "2026-10-08T22:10:00"),
        delivery(FEED, FIRST, "2026-10-03T12:00:00"),
        delivery(FEED, SECOND, "2026-10-10T12:00:00"),
    )
    assert states(known, "2026-10-20T00:00:00") == {"2026-10-01T0000": "overdue", SECOND: "late"}
    assert states(known, "2026-10-20T00:00:00", every_period) == {
        "2026-10-01T0000": "overdue",
        FIRST: "on_time",
        SECOND: "late",
    }


def test_what_was_reported_or_tried_without_an_entry_is_on_the_board():
    assert states(facts(delivery(FEED, FIRST, "2026-10-03T12:00:00")), "2026-10-20T00:00:00") == {FIRST: "on_time"}
    assert states(facts(imbalance(FEED, FIRST, "2026-10-03T12:00:00")), "2026-10-20T00:00:00") == {FIRST: "unbalanced"}
    assert states(facts(held(FEED, FIRST, "2026-10-03T12:00:00")), "2026-10-03T13:00:00") == {FIRST: "held"}


def test_an_event_entered_by_mistake_is_settled_by_an_exemption():
    known = facts(occurrence(FEED, FIRST, "2026-10-03T11:00:00"), exempt(FEED, FIRST, "2026-10-05T00:00:00"))
    assert states(known, "2026-10-06T00:00:00") == {FIRST: "exempt"}


def test_an_event_before_the_first_owed_is_not_owed():
    assert states(facts(occurrence(FEED, "2026-08-31T2359", "2026-09-02T00:00:00")), "2026-10-01T00:00:00") == {}


def test_an_event_belongs_to_the_span_of_its_own_day():
    known = facts(
        occurrence(FEED, "2026-09-30T2359", "2026-10-01T00:00:00"),
        occurrence(FEED, "2026-10-31T2359", "2026-11-01T00:00:00"),
        occurrence(FEED, "2026-11-01T0000", "2026-11-01T00:00:00"),
    )
    rows = obligations(ACCIDENTS, known, at("2026-12-01T00:00:00"), Period.parse("2026-10"))
    assert [str(row.period) for row in rows] == ["2026-10-31T2359"]
