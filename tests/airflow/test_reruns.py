"""Who is named for a rerun, when a failure is tried again, and in which words the tasks tell: asked of the plugins."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.calendar import ASIA_SHANGHAI
from tests.airflow.asking import ask

CLEARED = datetime(2026, 11, 22, 10, 0, tzinfo=ASIA_SHANGHAI)
RUN = {
    "dag_run_id": "scheduled__2026-10",
    "logical_date": "2026-09-30T16:00:00Z",
    "queued_at": CLEARED.isoformat(),
    "note": "上次的说明",
}
OTHERS = {"dag_runs": [{"dag_run_id": "scheduled__2026-09"}]}
OURS = {"dag_runs": [{"dag_run_id": "scheduled__2026-09"}, {"dag_run_id": "scheduled__2026-10"}]}
TASKS, RUNS, BACKFILL = "post_clear_task_instances", "clear_dag_runs", "create_backfill"
NOBODY = "在 Airflow 清除重跑"


def event(kind: str, sent: dict[str, Any], *, run: str | None = None, seconds: float = -0.1) -> dict[str, Any]:
    when = (CLEARED + timedelta(seconds=seconds)).isoformat()
    return {"when": when, "event": kind, "owner": "a.p001", "run_id": run, "extra": json.dumps(sent)}


def days(first: str, last: str, again: str) -> dict[str, str]:
    return {"from_date": first, "to_date": last, "reprocess_behavior": again}


CLEARINGS = [
    ([event("clear_dag_run", {"note": "补报"}, run=RUN["dag_run_id"])], "由 a.p001 在 Airflow 清除重跑:补报"),
    ([event("clear_dag_run", {}, run=RUN["dag_run_id"])], "由 a.p001 在 Airflow 清除重跑:上次的说明"),
    ([event("clear_dag_run", {"note": "补报", "dry_run": True}, run=RUN["dag_run_id"])], NOBODY),
    ([event("clear_dag_run", {"note": "补报"}, run="scheduled__2026-09")], NOBODY),
    ([event("clear_dag_run", {"note": "旧"}, run=RUN["dag_run_id"], seconds=-600)], NOBODY),
    ([event("clear_dag_run", {"note": "新"}, run=RUN["dag_run_id"], seconds=600)], NOBODY),
    ([event(TASKS, {"note": "一步"}, run=RUN["dag_run_id"])], "由 a.p001 在 Airflow 清除重跑:一步"),
    ([event(TASKS, {"note": "各期", "include_future": True}, run="x")], "由 a.p001 在 Airflow 清除重跑:各期"),
    ([event(RUNS, OURS | {"note": "成批"})], "由 a.p001 在 Airflow 清除重跑:成批"),
    ([event(RUNS, OTHERS | {"note": "成批"})], NOBODY),
    ([event(BACKFILL, days("2026-10-01", "2026-10-01", "completed"))], "由 a.p001 在 Airflow 回填重跑"),
    ([event(BACKFILL, days("2026-10-01T00:00:00", "2026-12-01", "failed"))], "由 a.p001 在 Airflow 回填重跑"),
    ([event(BACKFILL, days("2026-10-01", "2026-10-01", "none"))], NOBODY),
    ([event(BACKFILL, days("2026-07-01", "2026-09-30", "completed"))], NOBODY),
]
NUMBER, WANTED = "20261123-bcdfghjklm", {"action": "collect", "feed": "agri.village_finance", "period": "2026Q3"}
LINES = [
    {"at": "2026-11-22T23:59:58.245000+08:00", "code": "YZ-2002", "text": "尚未就绪。"},
    {"at": "2026-11-22T20:01:20.245000+00:00", "code": None, "text": "开始采集 agri.village_finance 2026Q3"},
]


def standing(state: str, stage: str | None, **more: Any) -> dict[str, Any]:
    return {"number": NUMBER, "state": state, "stage": stage, **more}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    root = tmp_path_factory.mktemp("reruns")
    asked = {
        "run": RUN,
        "clearings": [events for events, _ in CLEARINGS],
        "words": ["第一行\n第二行 ", "有\u200b不可见", "长" * 201],
        "users": [("finance.p001", "finance"), ("civil.p001", "finance"), ("p001", "finance"), ("airflow", "finance")],
        "now": "2026-11-23T04:01:30+08:00",
        "issued": [
            ({"number": NUMBER, "state": "issued"}, WANTED, "agri"),
            ({"number": NUMBER, "state": "running", "joined": True}, WANTED, "agri"),
        ],
        "heard": [
            (standing("running", "delivering", lines=LINES), {}),
            (standing("done", "receipted", lines=LINES), {"number": NUMBER, "told": 1}),
            (standing("done", "held", lines=LINES), {"number": NUMBER, "told": 2}),
            (standing("failed", "collecting", lines=LINES[:1]), {"number": "20261122-bcdfghjklm", "told": 1}),
            (standing("expired", None), {"number": NUMBER}),
        ],
        "balance": {"sent": 3000, "loaded": 2, "problem": 4, "duplicate": 2994},
        "tries": [
            ("later", 1, 0),
            ("later", 1, 30),
            ("later", 3, 30),
            ("later", 900, 0),
            ("other", 5, 7),
            ("other", 6, 7),
            ("defect", 6, 0),
        ],
    }
    return ask("reruns", root / "home", root / "none.json", asked)


@pytest.mark.parametrize("case", range(len(CLEARINGS)))
def test_whoever_cleared_the_run_is_named_and_nobody_else(answers: dict[str, list[Any]], case: int) -> None:
    assert answers["clearings"][case] == CLEARINGS[case][1]


def test_a_note_becomes_one_line_that_the_gateway_takes(answers: dict[str, list[Any]]) -> None:
    assert answers["words"] == ["第一行 第二行", "有 不可见", f"{'长' * 199}…"]


def test_nobody_but_the_departments_own_user_looks_like_one_of_its_people(answers: dict[str, list[Any]]) -> None:
    assert answers["users"] == ["p001", "civil.p001", "airflow:p001", "airflow"]


def test_whoever_waits_is_told_for_what(answers: dict[str, list[Any]]) -> None:
    assert answers["issued"] == [
        f"指令 {NUMBER} 已下达:归集 agri.village_finance 2026Q3,等待 agri 的前置机取走",
        f"指令 {NUMBER} 此前已下达:归集 agri.village_finance 2026Q3,执行中",
    ]


def test_the_front_ends_lines_are_told_once_and_by_beijings_clock(answers: dict[str, list[Any]]) -> None:
    earlier, today = "2026-11-22 23:59:58 YZ-2002 尚未就绪。", "04:01:20 开始采集 agri.village_finance 2026Q3"
    assert answers["heard"] == [
        [earlier, today, f"指令 {NUMBER}:执行中(送达)"],
        [today, f"指令 {NUMBER}:已办结,已回执"],
        [f"指令 {NUMBER}:已办结,待审核"],
        [earlier, f"指令 {NUMBER}:失败(采集)"],
        [f"指令 {NUMBER}:已失效"],
    ]


def test_unchanged_rows_are_not_told_as_duplicates(answers: dict[str, list[Any]]) -> None:
    assert answers["balance"] == "报送 3000,入库 2 + 问题(前置机与中心合计)4 + 重复(含未变)2994"


def test_the_pause_counts_from_the_last_clearing_and_a_defect_is_not_tried_for_ever(
    answers: dict[str, list[Any]],
) -> None:
    first, cleared, third, last, fifth, sixth, defect = answers["tries"]
    assert 45 <= first <= 60
    assert cleared == first
    assert third == 4 * first
    assert last == first * 60
    assert fifth == 16 * first
    assert (sixth, defect) == ("fail", "fail")
