"""A county run from the real Airflow over its REST interface: real centre, real agents, real sources.

One county and one Airflow for the file. Each test has a feed, or a period, of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.calendar import ASIA_SHANGHAI, Cadence, Period
from gateway.demo.county import DEPARTMENTS, County
from gateway.demo.rehearsal import Volume
from gateway.demo.servers import free_port
from gateway.demo.sources.generate import write_onecard
from gateway.errors import OfficeUnreachable, PeriodFrozen, PeriodNotOwed
from scripts.airflow_county import Running, running
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan

TODAY = datetime.now(ASIA_SHANGHAI).date()
MONTH = Period.last_complete(Cadence.MONTHLY, TODAY)
QUARTER = Period.last_complete(Cadence.QUARTERLY, TODAY)
EARLIER = (MONTH.previous().previous().previous(), MONTH.previous().previous(), MONTH.previous())
CLOSED = Period.parse(f"{TODAY.year - (1 if (TODAY.month, TODAY.day) >= (4, 1) else 2)}-12")
"""The last month of the newest year that is closed."""
ONECARD, DIBAO, VOUCHERS, FORM = "finance.onecard", "civil.dibao", "agri.village_finance", "yizhan_corrections"
ROWS = Volume(onecard=600, dibao=300, vouchers=200)
SEED = 430482


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Started once; village finance waits for a reviewer, and the one-card feed is owed since a year that is closed."""
    root = tmp_path_factory.mktemp("county") / "all"
    settings = {"YIZHAN_RETRY_SECONDS": "5"}
    with running(root, free_port(), ROWS, before=prepared, settings=settings) as started:
        yield started


def prepared(county: County) -> None:
    for site in (county.centre, *(county.front_end(name) for name in DEPARTMENTS)):
        feeds = site / "catalogue" / "feeds"
        rewrite(feeds / f"{VOUCHERS}.yaml", "    mode:", "    review: required\n    mode:")
        rewrite(feeds / f"{ONECARD}.yaml", f"    starts: {MONTH}", f"    starts: {CLOSED}")
    site = county.front_end("agri") / "site.yaml"
    site.write_text(f"{site.read_text(encoding='utf-8')}collector: p001\n", encoding="utf-8")
    for period in EARLIER[:2]:
        place_onecard(county, period, SEED)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def place_onecard(county: County, period: Period, seed: int) -> None:
    folder = county.sources / "finance" / "out"
    write_onecard(folder / f"onecard_{period.start:%Y%m}.txt", ROWS.onecard, period.start, seed)


@pytest.fixture(scope="module")
def admin(world: Running) -> User:
    return User(world.airflow.place, "admin")


@pytest.fixture
def centre(world: Running, tmp_path: Path) -> Yizhan:
    return Yizhan(scratch=tmp_path, environ={"YIZHAN_SITE": str(world.county.centre)})


def line_of(centre: Yizhan, batch: str, event: str) -> Any:
    """The one line of the centre's ledger about a batch and what happened to it."""
    ended = centre.run("ledger", "show", batch, "--json")
    assert ended.code == 0, ended.err
    (line,) = [line for line in ended.json["lines"] if line["event"] == event]
    return line


def scheduled(period: Period) -> str:
    return f"scheduled__{period}"


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
    until(lambda: settled(admin, run), "the review never settled")
    User(world.airflow.place, "agri.p003").ask("PATCH", place, json=approval).raise_for_status()
    assert admin.ended(VOUCHERS, run) == "success"
    loaded = line_of(centre, f"{VOUCHERS}/{QUARTER}/r1", "loaded")
    assert json.loads(loaded["detail"])["released_by"] == "p003"


def settled(admin: User, run: str) -> bool | None:
    """Airflow fails a task that is answered within about a second of its asking."""
    since = admin.tasks(VOUCHERS, run)["review"]["start_date"]
    asked = datetime.now(ASIA_SHANGHAI) - datetime.fromisoformat(since)
    return True if asked.total_seconds() > 4 else None


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


def test_airflow_keeps_no_token_no_password_and_nothing_personal(world: Running, admin: User) -> None:
    home, county = world.airflow.place.home, world.county
    secrets = [path.read_text().strip() for site in county.root.iterdir() for path in (site / "secrets").glob("*")]
    assert len(secrets) == 3  # the office's token, and the sources that ask for a password
    month = (county.sources / "finance" / "out" / f"onecard_{MONTH.start:%Y%m}.txt").read_bytes().decode("gb18030")
    rows = [line.split("|") for line in month.splitlines()[2:]]
    people = {value for row in rows for value in (row[6], row[9]) if len(value) > 14}  # 身份证号, 银行账号
    assert len(people) > ROWS.onecard
    for path in [*home.rglob("*.log"), home / "airflow.db"]:
        held = path.read_bytes()
        assert [one for one in secrets if one.encode() in held] == [], path
        assert [one for one in people if one.encode() in held] == [], path
    with sqlite3.connect(home / "airflow.db") as database:
        assert database.execute("select count(*) from xcom").fetchone()[0] > 0
