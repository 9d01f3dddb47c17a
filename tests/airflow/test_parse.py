"""The DAG file in the real Airflow: one DAG a feed, quickly, whatever one of them is like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.asking import ask, compile_sample

FEEDS = 200
BUDGET = 2.0
PLAIN = ["collect", "deliver", "reconcile"]
REVIEWED = ["collect", "review", "release", "deliver", "reconcile"]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_sample(tmp_path_factory.mktemp("parse"))


def parse(compiled: Path, **changed: Any) -> dict[str, Any]:
    document = json.loads(compiled.read_text(encoding="utf-8")) | changed
    other = compiled.with_name("other.json")
    other.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return ask("parse", compiled.parent / "home", other, None)


def feeds(compiled: Path) -> list[dict[str, Any]]:
    return json.loads(compiled.read_text(encoding="utf-8"))["feeds"]


def test_every_feed_is_a_dag_with_its_journey_and_there_is_a_form_for_corrections(compiled: Path) -> None:
    found = parse(compiled)["dags"]
    assert {name: dag["tasks"] for name, dag in found.items()} == {
        "agri.village_finance": PLAIN,
        "civil.dibao": REVIEWED,
        "finance.onecard": PLAIN,
        "yizhan_corrections": REVIEWED,
    }
    assert found["civil.dibao"]["names"] == ["采集", "审核", "放行", "送达", "对账"]
    assert found["finance.onecard"]["names"] == ["采集", "送达", "对账"]
    feed = found["finance.onecard"]
    assert (feed["types"], feed["catchup"], feed["start"]) == (
        ["backfill", "scheduled"],
        True,
        "2026-09-30 16:00:00+00:00",
    )


def test_the_form_says_how_a_period_is_written_and_who_has_to_approve(compiled: Path) -> None:
    said = parse(compiled)["dags"]["yizhan_corrections"]["remark"]
    assert "月报写 `2026-10`,季报写 `2026Q3`" in said
    assert "| civil.dibao | 城乡最低生活保障名册 | `2026-10` | civil.p003 |" in said.splitlines()
    assert said.splitlines()[-1].startswith("| finance.onecard | ")
    assert said.splitlines()[-1].endswith(" | `2026-10` | 无须审核 |")


def test_two_hundred_feeds_are_parsed_within_the_budget(
    compiled: Path, record_property: Callable[[str, object], None]
) -> None:
    sample = feeds(compiled)
    many = [one | {"feed": f"{one['feed']}_{i}"} for i in range(FEEDS) for one in (sample[i % len(sample)],)]
    found = parse(compiled, feeds=many)
    record_property("executed", found["executed"])
    record_property("serialised", found["serialised"])
    assert len(found["dags"]) == FEEDS + 1
    assert found["executed"] < BUDGET
    assert found["serialised"] < BUDGET


def test_a_feed_that_cannot_be_built_leaves_the_others_alone(compiled: Path) -> None:
    first, *others = feeds(compiled)
    rule = first["schedule"]["rules"][0] | {"day": 5, "days_after": 3}
    found = parse(compiled, feeds=[first | {"schedule": {"rules": [rule]}}, *others])
    assert sorted(found["dags"]) == ["civil.dibao", "finance.onecard", "yizhan_corrections"]


def test_an_older_entry_says_so_on_its_dag(compiled: Path) -> None:
    first, *others = feeds(compiled)
    found = parse(compiled, feeds=[first | {"remark": ["沿用", "as before"]}, *others])
    assert "沿用 / as before" in found["dags"][first["feed"]]["remark"]


def test_an_event_is_run_by_hand_and_by_nothing_else(compiled: Path) -> None:
    first, *others = feeds(compiled)
    rule = first["schedule"]["rules"][0] | {"cadence": "event", "months_after": None, "day": None, "hours_after": 24}
    event = first | {"first": "2026-01-01T0000", "schedule": {"rules": [rule]}}
    found = parse(compiled, feeds=[event, *others])
    assert found["dags"][first["feed"]]["types"] == ["manual"]


def test_what_airflow_stores_of_a_dag_names_no_token_file_and_no_source(compiled: Path) -> None:
    text = parse(compiled)["text"]
    assert "finance.onecard" in text
    assert [word for word in ("token", "password", "sftp", "身份证") if word in text.lower()] == []


def test_what_serves_the_pages_is_not_loaded_for_a_task(compiled: Path) -> None:
    loaded = parse(compiled)["plugins"]
    assert {"yizhan_ledger", "yizhan_tasks"} <= set(loaded)
    assert "fastapi" not in loaded


def test_names_as_long_as_the_catalogue_takes_stop_no_feed(compiled: Path) -> None:
    first, *others = feeds(compiled)
    found = parse(compiled, feeds=[first | {"department_title": "局" * 200, "title": "册" * 200}, *others])
    assert len(found["dags"]) == len(others) + 2
