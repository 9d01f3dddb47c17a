"""A county run from the real Airflow over its REST interface. Each test has a feed, or a period, of its own."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime

import pytest

from gateway.calendar import Period
from gateway.errors import OfficeUnreachable, PeriodFrozen, PeriodNotOwed
from scripts.airflow_county import Running
from tests.airflow.county import (
    CLOSED,
    DIBAO,
    EARLIER,
    FORM,
    MONTH,
    ONECARD,
    QUARTER,
    SEED,
    VOUCHERS,
    line_of,
    place_onecard,
    scheduled,
    settled,
)  # fmt: skip
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan


@pytest.mark.parametrize(("feed", "period"), [(ONECARD, MONTH), (DIBAO, MONTH)], ids=["onecard", "dibao"])
def test_last_months_run_comes_by_itself_and_delivers(admin: User, centre: Yizhan, feed: str, period: Period) -> None:
    until(lambda: admin.runs(feed) or None, f"no run of {feed}")
    assert list(admin.runs(feed)) == [scheduled(period)]
    assert admin.ended(feed, scheduled(period)) == "success"
    run = admin.runs(feed)[scheduled(period)]
    assert datetime.fromisoformat(run["logical_date"]) == period.moment
    assert datetime.fromisoformat(run["data_interval_end"]) == period.complete_at
    board = centre.run("status", "--json").json["feeds"]
    (row,) = [row for row in board if (row["feed"], row["period"]) == (feed, str(period))]
    assert (row["revision"], row["batch"]) == (1, f"{feed}/{period}/r1")


def test_clearing_a_run_of_unchanged_data_says_so_and_makes_no_revision(world: Running, admin: User) -> None:
    assert admin.ended(DIBAO, scheduled(MONTH)) == "success"
    User(world.airflow.place, "civil.p001").clear(DIBAO, scheduled(MONTH), "例行复核")
    assert admin.ended(DIBAO, scheduled(MONTH)) == "success"
    assert "数据没有变化,未产生新版次" in admin.log(DIBAO, scheduled(MONTH), "collect")
    assert f"{DIBAO}/{MONTH}/r1" in admin.log(DIBAO, scheduled(MONTH), "reconcile")


def test_clearing_after_the_source_changed_makes_the_next_revision_with_who_and_why(
    world: Running, admin: User, centre: Yizhan
) -> None:
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    place_onecard(world.county, MONTH, SEED + 1)
    User(world.airflow.place, "finance.p001").clear(ONECARD, scheduled(MONTH), "部门补报三户")
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    loaded = line_of(centre, f"{ONECARD}/{MONTH}/r2", "loaded")
    assert loaded["by"] == "p001"
    assert json.loads(loaded["detail"])["reason"] == "由 finance.p001 在 Airflow 清除重跑:部门补报三户"
    assert [run for run in admin.runs(ONECARD) if str(MONTH) in run] == [scheduled(MONTH)]


def test_a_review_holds_until_the_right_person_approves(world: Running, admin: User, centre: Yizhan) -> None:
    run = scheduled(QUARTER)
    admin.reaches(VOUCHERS, run, "review", "awaiting_input")
    place = f"dags/{VOUCHERS}/dagRuns/{run}/taskInstances/review/-1/hitlDetails"
    (asked,) = admin.get(f"dags/{VOUCHERS}/dagRuns/{run}/hitlDetails")["hitl_details"]
    assert "摘要" in asked["body"]
    approval = {"chosen_options": ["Approve"], "params_input": {}}
    for wrong in ("finance.p003", "agri.p001", "admin"):
        assert User(world.airflow.place, wrong).ask("PATCH", place, json=approval).status_code == 403, wrong
    assert centre.run("ledger", "show", f"{VOUCHERS}/{QUARTER}/r1", "--json").code != 0
    until(lambda: settled(admin, VOUCHERS, run), "the review never settled")
    User(world.airflow.place, "agri.p003").ask("PATCH", place, json=approval).raise_for_status()
    assert admin.ended(VOUCHERS, run) == "success"
    loaded = line_of(centre, f"{VOUCHERS}/{QUARTER}/r1", "loaded")
    assert json.loads(loaded["detail"])["released_by"] == "p003"


def test_a_backfill_delivers_every_month_and_one_that_is_not_there_yet_is_waited_for(
    world: Running, admin: User, centre: Yizhan
) -> None:
    asked = {
        "dag_id": ONECARD,
        "from_date": EARLIER[0].moment.isoformat(),
        "to_date": EARLIER[-1].moment.isoformat(),
        "max_active_runs": 3,
    }
    User(world.airflow.place, "finance.p001").ask("POST", "backfills", json=asked).raise_for_status()
    first, second, third = (admin.run_of(ONECARD, period.moment) for period in EARLIER)
    assert [admin.ended(ONECARD, run) for run in (first, second)] == ["success", "success"]
    admin.reaches(ONECARD, third, "collect", "up_for_retry")
    assert "YZ-2002" in admin.log(ONECARD, third, "collect")
    place_onecard(world.county, EARLIER[-1], SEED)
    assert admin.ended(ONECARD, third) == "success"
    rows = centre.run("status", "--json", "--all").json["feeds"]
    delivered = {row["period"] for row in rows if row["feed"] == ONECARD and row["revision"]}
    assert delivered >= {str(period) for period in EARLIER}


def test_a_second_run_of_a_period_is_not_possible(admin: User) -> None:
    asked = admin.ask("POST", f"dags/{ONECARD}/dagRuns", json={"logical_date": MONTH.moment.isoformat()})
    assert asked.status_code == 400, asked.text


@pytest.mark.parametrize(
    ("period", "code"), [(CLOSED, PeriodFrozen.code), (QUARTER, PeriodNotOwed.code)], ids=["closed", "rhythm"]
)
def test_what_the_gateway_refuses_fails_at_once_with_its_code_and_advice(
    world: Running, admin: User, period: Period, code: str
) -> None:
    form = {"feed": ONECARD, "period": str(period), "reason": "更正金额", "order": None}
    user = User(world.airflow.place, "finance.p001")
    asked = user.ask("POST", f"dags/{FORM}/dagRuns", json={"logical_date": None, "conf": form}).raise_for_status()
    run = asked.json()["dag_run_id"]
    assert admin.ended(FORM, run) == "failed"
    assert admin.tasks(FORM, run)["collect"]["try_number"] == 1
    assert f"[{code}] " in admin.log(FORM, run, "collect")


def test_a_correction_by_the_form_is_the_next_revision_with_its_reason(
    world: Running, admin: User, centre: Yizhan
) -> None:
    period = EARLIER[0]
    assert admin.ended(ONECARD, admin.run_of(ONECARD, period.moment)) == "success"
    place_onecard(world.county, period, SEED + 2)
    form = {"feed": ONECARD, "period": str(period), "reason": "金额录入有误", "order": None}
    user = User(world.airflow.place, "finance.p001")
    asked = user.ask("POST", f"dags/{FORM}/dagRuns", json={"logical_date": None, "conf": form}).raise_for_status()
    assert admin.ended(FORM, asked.json()["dag_run_id"]) == "success"
    loaded = line_of(centre, f"{ONECARD}/{period}/r2", "loaded")
    assert (loaded["by"], json.loads(loaded["detail"])["reason"]) == ("p001", "金额录入有误")


def test_a_centre_that_is_down_is_waited_for_and_nothing_is_done_twice(world: Running, admin: User) -> None:
    run = scheduled(MONTH)
    assert admin.ended(DIBAO, run) == "success"
    os.kill(world.servers.pids["centre"], signal.SIGTERM)
    User(world.airflow.place, "civil.p001").clear(DIBAO, run, "中心重启")
    admin.reaches(DIBAO, run, "collect", "up_for_retry")
    assert OfficeUnreachable.code in admin.log(DIBAO, run, "collect")
    world.servers.centre(world.county.centre, world.port)
    assert admin.ended(DIBAO, run) == "success"
    assert f"{DIBAO}/{MONTH}/r1" in admin.log(DIBAO, run, "reconcile")


def test_a_form_without_a_reason_is_not_taken(admin: User) -> None:
    form = {"feed": ONECARD, "period": str(MONTH), "reason": "", "order": None}
    asked = admin.ask("POST", f"dags/{FORM}/dagRuns", json={"logical_date": None, "conf": form})
    assert asked.status_code == 400
