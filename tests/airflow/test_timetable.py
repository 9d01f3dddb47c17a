"""The timetable in the real Airflow, through its serialisation: one run a period, named after it, in Beijing time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.airflow.asking import ask, compile_sample

MONTHLY, QUARTERLY = "finance.onecard", "agri.village_finance"
DAILY, YEARLY, EVENTS, CHANGED = "civil.daily", "civil.yearly", "civil.incident", "civil.changed"

# feed, what is asked, the answer; runs are [name, start, end, run after]
TABLE: list[tuple[str, dict[str, Any], list[Any]]] = [
    (
        MONTHLY, {"earliest": "2026-10-01T00:00+08:00", "most": 1},
        [["scheduled__2026-10", "2026-10-01 00:00", "2026-11-01 00:00", "2026-11-02 08:30"]],
    ),
    (
        MONTHLY, {"earliest": "2026-08-01T00:00+08:00", "latest": "2026-10-31T00:00+08:00"},
        [
            ["scheduled__2026-08", "2026-08-01 00:00", "2026-09-01 00:00", "2026-09-01 08:30"],
            ["scheduled__2026-09", "2026-09-01 00:00", "2026-10-01 00:00", "2026-10-08 08:30"],
            ["scheduled__2026-10", "2026-10-01 00:00", "2026-11-01 00:00", "2026-11-02 08:30"],
        ],
    ),
    (  # a range from a browser that shows UTC: 1 August there is 08:00 of 1 August here, and means August
        MONTHLY, {"earliest": "2026-08-01T00:00Z", "latest": "2026-09-01T00:00Z"},
        [
            ["scheduled__2026-08", "2026-08-01 00:00", "2026-09-01 00:00", "2026-09-01 08:30"],
            ["scheduled__2026-09", "2026-09-01 00:00", "2026-10-01 00:00", "2026-10-08 08:30"],
        ],
    ),
    (MONTHLY, {"earliest": "2026-08-02T00:00+08:00", "latest": "2026-08-31T23:59+08:00"}, []),
    (  # over the year's end, into a year whose working days nobody knows yet
        MONTHLY, {"earliest": "2026-12-01T00:00+08:00", "most": 1},
        [["scheduled__2026-12", "2026-12-01 00:00", "2027-01-01 00:00", "2027-01-01 08:30"]],
    ),
    (
        QUARTERLY, {"earliest": "2025-10-01T00:00+08:00", "most": 2},
        [
            ["scheduled__2025Q4", "2025-10-01 00:00", "2026-01-01 00:00", "2026-01-04 08:30"],
            ["scheduled__2026Q1", "2026-01-01 00:00", "2026-04-01 00:00", "2026-04-01 08:30"],
        ],
    ),
    (
        YEARLY, {"earliest": "2025-01-01T00:00+08:00", "most": 1},
        [["scheduled__2025", "2025-01-01 00:00", "2026-01-01 00:00", "2026-01-04 08:30"]],
    ),
    (
        DAILY, {"earliest": "2026-10-01T00:00+08:00", "most": 2},
        [
            ["scheduled__2026-10-01", "2026-10-01 00:00", "2026-10-02 00:00", "2026-10-02 08:30"],
            ["scheduled__2026-10-02", "2026-10-02 00:00", "2026-10-03 00:00", "2026-10-03 08:30"],
        ],
    ),
    (  # quarterly until 2026, monthly from then on
        CHANGED, {"earliest": "2025-10-01T00:00+08:00", "most": 2},
        [
            ["scheduled__2025Q4", "2025-10-01 00:00", "2026-01-01 00:00", "2026-01-04 08:30"],
            ["scheduled__2026-01", "2026-01-01 00:00", "2026-02-01 00:00", "2026-02-02 08:30"],
        ],
    ),
    (EVENTS, {"earliest": "2026-01-01T00:00+08:00"}, []),
]  # fmt: skip

MANUAL = [
    (MONTHLY, "2026-10-01T00:00+08:00", ["2026-10-01 00:00", "2026-11-01 00:00"]),  # the moment names the period
    (MONTHLY, "2026-09-30T16:00Z", ["2026-10-01 00:00", "2026-11-01 00:00"]),  # so it does in any zone
    (MONTHLY, "2026-10-01T00:00Z", ["2026-09-01 00:00", "2026-10-01 00:00"]),  # 08:00 here: the last complete one
    (MONTHLY, "2026-11-22T10:15+08:00", ["2026-10-01 00:00", "2026-11-01 00:00"]),
    (MONTHLY, "2026-10-31T23:59+08:00", ["2026-09-01 00:00", "2026-10-01 00:00"]),
    (QUARTERLY, "2026-10-01T00:00+08:00", ["2026-10-01 00:00", "2027-01-01 00:00"]),
    (QUARTERLY, "2026-11-22T10:15+08:00", ["2026-07-01 00:00", "2026-10-01 00:00"]),
    (YEARLY, "2026-01-01T00:01+08:00", ["2025-01-01 00:00", "2026-01-01 00:00"]),
    (EVENTS, "2026-11-22T09:30:40+08:00", ["2026-11-22 09:30", "2026-11-22 09:30"]),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All questions at once: starting Airflow's interpreter is the cost."""
    root = tmp_path_factory.mktemp("timetable")
    compiled = compile_sample(root)
    compiled.write_text(json.dumps(with_other_rhythms(json.loads(compiled.read_text(encoding="utf-8")))))
    runs = [{"feed": feed, "question": "runs", **asked} for feed, asked, _ in TABLE]
    manual = [{"feed": feed, "question": "manual", "at": at} for feed, at, _ in MANUAL]
    said = ask("timetable", root / "home", compiled, [*runs, *manual])
    return {"runs": said[: len(runs)], "manual": said[len(runs) :]}


def with_other_rhythms(compiled: dict[str, Any]) -> dict[str, Any]:
    """Further feeds beside the sample's: of other cadences, event-driven, and of a rule that changes its own."""
    one = next(feed for feed in compiled["feeds"] if feed["feed"] == "civil.dibao")
    (rule,) = one["schedule"]["rules"]

    def feed(name: str, first: str, *rules: dict[str, Any]) -> dict[str, Any]:
        return one | {"feed": name, "first": first, "schedule": {"rules": [rule | each for each in rules]}}

    days = {"months_after": None, "day": None, "days_after": 1}
    quarterly, monthly = {"cadence": "quarterly"}, {"cadence": "monthly", "effective": "2026-01-01"}
    hours = {"cadence": "event", "months_after": None, "day": None, "hours_after": 24}
    others = [
        feed(DAILY, "2026-10-01", {"cadence": "daily", **days}),
        feed(YEARLY, "2025", {"cadence": "yearly"}),
        feed(EVENTS, "2026-01-01T0000", hours),
        feed(CHANGED, "2025Q4", quarterly, monthly),
    ]
    return compiled | {"feeds": [*compiled["feeds"], *others]}


@pytest.mark.parametrize("case", range(len(TABLE)), ids=lambda n: f"{TABLE[n][0]}-{n}")
def test_runs_are_the_feeds_periods_and_begin_when_collecting_makes_sense(answers: dict[str, Any], case: int) -> None:
    assert answers["runs"][case] == TABLE[case][2]


@pytest.mark.parametrize("case", range(len(MANUAL)), ids=lambda n: f"{MANUAL[n][0]}-{MANUAL[n][1]}")
def test_a_moment_names_the_period_it_begins_or_else_the_last_complete_one(answers: dict[str, Any], case: int) -> None:
    assert answers["manual"][case] == MANUAL[case][2]
