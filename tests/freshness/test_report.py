"""The document of `yizhan status --json`: exactly the contract's keys, moments with +08:00, money in yuan."""

import json
from datetime import UTC, datetime

import pytest

from gateway.freshness import Facts, Notice, board, to_json

from .county import ONECARD, at, delivery, extended, facts, stage

FIRST = ["feed", "department", "title", "period", "due", "state"]
THEN = ["receipted_at", "landed_at", "revision", "rows", "amount", "problem_rows", "batch"]

LATER = [
    "rule_due", "landed_corrected", "waiver", "reminders", "reminder", "held_since", "stage", "forecast",
]  # fmt: skip


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
        "rule_due": "2026-10-31T23:59:59+08:00",
        "landed_corrected": None,
        "waiver": None,
        "reminders": [],
        "reminder": None,
        "held_since": None,
        "stage": None,
        "forecast": None,
    }
    assert document["summary"] == {"on_time": 1, "not_due": 1}
    assert document["notices"] == []


def test_what_is_not_known_is_null_and_no_key_is_left_out():
    document = to_json(board(ONECARD, Facts(), at("2026-10-15T00:00:00")), at("2026-10-15T00:00:00"))
    for row in document["feeds"]:
        assert list(row) == [*FIRST, *THEN, *LATER]
        assert row["rule_due"] == row["due"]
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


def test_decisions_reminders_and_attempts_are_written_in_beijing_time():
    known = facts(
        extended("finance.onecard", "2026-09", "2026-10-20T00:00:00", "2026-11-10T23:59:59"),
        stage("finance.onecard", "2026-09", "2026-11-06T09:00:00", "deferred", "YZ-6001"),
    )
    [row, *_] = to_json(board(ONECARD, known, at("2026-11-08T00:00:00")), at("2026-11-08T00:00:00"))["feeds"]
    assert (row["due"], row["rule_due"]) == ("2026-11-10T23:59:59+08:00", "2026-10-31T23:59:59+08:00")
    assert row["waiver"] == {
        "kind": "extended", "number": "延〔2026〕1号", "by": "p101", "reason": "机构改革",
        "at": "2026-10-20T00:00:00+08:00", "until": "2026-11-10T23:59:59+08:00",
    }  # fmt: skip
    assert row["reminders"] == [
        {"days": 5, "at": "2026-11-05T23:59:59+08:00"},
        {"days": 3, "at": "2026-11-07T23:59:59+08:00"},
        {"days": 1, "at": "2026-11-09T23:59:59+08:00"},
    ]
    assert row["reminder"] == 3
    assert row["stage"] == {"step": "deferred", "at": "2026-11-06T09:00:00+08:00", "code": "YZ-6001"}


def test_words_are_in_the_language_asked_for():
    told = [Notice(code="YZ-8100", zh="未知", en="unknown")]
    for lang, words in (("zh", "未知"), ("en", "unknown")):
        document = to_json((), at("2026-11-08T00:00:00"), told, lang)
        assert document["notices"] == [{"code": "YZ-8100", "message": words}]
