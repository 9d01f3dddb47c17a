"""A county run from the real Airflow over its REST interface. Each test has a feed, or a period, of its own."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
import pytest

from gateway.calendar import Period
from gateway.errors import PeriodFrozen, PeriodNotOwed
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
    line_of,
    place_onecard,
    scheduled,
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


def backfill(user: User, first: Period, last: Period, again: str) -> None:
    """Of the one-card feed; `again`: which runs that are there already are run once more."""
    asked = {
        "dag_id": ONECARD,
        "from_date": first.moment.isoformat(),
        "to_date": last.moment.isoformat(),
        "max_active_runs": 4,
        "reprocess_behavior": again,
    }

    def taken() -> bool | None:
        answer = user.ask("POST", "backfills", json=asked)
        if answer.status_code == httpx.codes.CONFLICT:  # the one before is done, and Airflow has yet to see that
            return None
        return answer.raise_for_status().is_success

    until(taken, "the backfill was never taken")


def test_a_backfill_delivers_every_month_and_one_that_is_not_there_yet_is_waited_for(
    world: Running, admin: User, centre: Yizhan
) -> None:
    user = User(world.airflow.place, "finance.p001")
    backfill(user, EARLIER[0], EARLIER[-1], "none")
    first, second, third = (admin.run_of(ONECARD, period.moment) for period in EARLIER)
    assert [admin.ended(ONECARD, run) for run in (first, second)] == ["success", "success"]
    admin.reaches(ONECARD, third, "collect", "up_for_retry")
    assert "YZ-2002" in admin.log(ONECARD, third, "collect")
    place_onecard(world.county, EARLIER[-1], SEED)
    assert admin.ended(ONECARD, third) == "success"
    rows = centre.run("status", "--json", "--all").json["feeds"]
    delivered = {row["period"] for row in rows if row["feed"] == ONECARD and row["revision"]}
    assert delivered >= {str(period) for period in EARLIER}


def test_clearing_a_run_of_unchanged_data_says_so_and_makes_no_revision(world: Running, admin: User) -> None:
    assert admin.ended(DIBAO, scheduled(MONTH)) == "success"
    User(world.airflow.place, "civil.p001").clear(DIBAO, scheduled(MONTH), f"例行复核\n{'逐户 ' * 100}")
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
    place_onecard(world.county, MONTH, SEED + 3)
    backfill(User(world.airflow.place, "finance.p001"), MONTH, MONTH, "completed")
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    loaded = line_of(centre, f"{ONECARD}/{MONTH}/r3", "loaded")
    assert loaded["by"] == "p001"
    assert json.loads(loaded["detail"])["reason"] == "由 finance.p001 在 Airflow 回填重跑"
    assert admin.run_of(ONECARD, MONTH.moment) == scheduled(MONTH)  # and it is the only one of the period


def test_whoever_operates_finds_nothing_of_ours_among_airflows_connections_and_variables(world: Running) -> None:
    user = User(world.airflow.place, "finance.p001")
    assert (user.get("connections")["total_entries"], user.get("variables")["total_entries"]) == (0, 0)


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


def test_a_form_without_a_reason_is_not_taken(admin: User) -> None:
    form = {"feed": ONECARD, "period": str(MONTH), "reason": "", "order": None}
    asked = admin.ask("POST", f"dags/{FORM}/dagRuns", json={"logical_date": None, "conf": form})
    assert asked.status_code == 400


def test_a_backfill_into_a_closed_year_is_refused_with_its_code(world: Running, admin: User) -> None:
    backfill(User(world.airflow.place, "finance.p001"), CLOSED, CLOSED, "none")
    run = admin.run_of(ONECARD, CLOSED.moment)
    assert admin.ended(ONECARD, run) == "failed"
    assert f"[{PeriodFrozen.code}] " in admin.log(ONECARD, run, "collect")
