"""The document of `yizhan status --json`: exactly the contract's keys, moments with +08:00, money in yuan."""

import json
from datetime import UTC, datetime

import pytest

from gateway.freshness import Facts, board, to_json

from .county import ONECARD, at, delivery, facts

FIRST = ["feed", "department", "title", "period", "due", "state"]
THEN = ["receipted_at", "landed_at", "revision", "rows", "amount", "problem_rows", "batch"]


def test_a_receipted_period_is_written_whole():
    known = facts(delivery("finance.onecard", "2026-09", "2026-10-12T09:00:00.123456", landed="2026-10-11T23:00:00"))
    document = to_json(board(ONECARD, known, at("2026-10-15T08:30:00")), at("2026-10-15T08:30:00"))
    assert document["at"] == "2026-10-15T08:30:00+08:00"
    assert document["feeds"][0] == {
        "feed": "finance.onecard",
        "department": "finance",
        "title": "finance.onecard 清册",
        "period": "2026-09",
        "due": "2026-10-31T23:59:59+08:00",
        "state": "on_time",
        "receipted_at": "2026-10-12T09:00:00+08:00",
        "landed_at": "2026-10-11T23:00:00+08:00",
        "revision": 1,
        "rows": 100,
        "amount": "123.45",
        "problem_rows": 3,
        "batch": "finance.onecard/2026-09/r1",
    }


def test_what_is_not_known_is_null_and_no_key_is_left_out():
    document = to_json(board(ONECARD, Facts(), at("2026-10-15T00:00:00")), at("2026-10-15T00:00:00"))
    for row in document["feeds"]:
        assert list(row) == FIRST + THEN
        assert [row[key] for key in THEN] == [None] * len(THEN)
        assert None not in [row[key] for key in FIRST]


def test_moments_are_written_in_beijing_time_whatever_zone_they_came_in():
    assert to_json((), datetime(2026, 10, 31, 16, 0, tzinfo=UTC))["at"] == "2026-11-01T00:00:00+08:00"


@pytest.mark.parametrize(
    ("fen", "yuan"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (12_345, "123.45"),
        (100, "1.00"),
        (-5, "-0.05"),
        (-12_345, "-123.45"),
        (10**17 + 1, "1000000000000000.01"),
    ],
)
def test_money_is_exact(fen, yuan):
    known = facts(delivery("finance.onecard", "2026-09", "2026-10-12T09:00:00", amount=fen))
    document = to_json(board(ONECARD, known, at("2026-10-15T00:00:00")), at("2026-10-15T00:00:00"))
    assert document["feeds"][0]["amount"] == yuan


def test_a_feed_without_a_money_field_has_no_amount():
    known = facts(delivery("finance.onecard", "2026-09", "2026-10-12T09:00:00", amount=None))
    [row, _] = to_json(board(ONECARD, known, at("2026-10-15T00:00:00")), at("2026-10-15T00:00:00"))["feeds"]
    assert row["amount"] is None


def test_the_document_is_json():
    document = to_json(board(ONECARD, Facts(), at("2026-10-15T00:00:00")), at("2026-10-15T00:00:00"))
    assert json.loads(json.dumps(document)) == document
