"""Airflow's own pages in a real browser, in Chinese: an operator clears a run, a reviewer sees what to decide on.

Pictures of what they see are kept in `.artefacts/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.airflow_county import Running
from tests.airflow.browser import CHROMIUM, DRIVER, Browser
from tests.airflow.county import DIBAO, MONTH, QUARTER, VOUCHERS, scheduled
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan

OPERATOR, REVIEWER = "civil.p001", "agri.p003"
NOTE = "页面上例行复核"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def browser(world: Running, tmp_path: Path) -> Iterator[Browser]:
    assert CHROMIUM.exists() and DRIVER.exists(), "no Chromium here: sh scripts/setup.sh test"
    with Browser(tmp_path / "profile") as started:
        yield started
        assert started.asked() <= {f"127.0.0.1:{world.airflow.place.port}"}


def log_in(browser: Browser, world: Running, user: str) -> None:
    place = world.airflow.place
    browser.log_in(place.url, user, json.loads(place.passwords.read_text(encoding="utf-8"))[user])


def attempts(admin: User, run: str) -> dict[str, int]:
    """By the names that the pages show."""
    return {task["task_display_name"]: task["try_number"] for task in admin.tasks(DIBAO, run).values()}


def test_an_operator_clears_a_run_with_a_reason_and_sees_it_succeed(
    browser: Browser, world: Running, admin: User, centre: Yizhan
) -> None:
    run = scheduled(MONTH)
    until(lambda: admin.runs(DIBAO) or None, f"no run of {DIBAO}")
    assert admin.ended(DIBAO, run) == "success"
    before, cleared = attempts(admin, run), instructed(centre)
    assert set(before) == {"采集", "审核", "放行", "送达", "对账"}
    log_in(browser, world, OPERATOR)
    browser.follow("Dags")
    browser.follow(f"城乡最低生活保障名册({DIBAO})")
    browser.follow_to(f"/dags/{DIBAO}/runs/{run}")
    browser.see("成功")
    browser.click("按下 shift+c 清除")
    browser.see(f"清除 Dag 执行: {run}")
    browser.click("笔记")
    browser.write("添加笔记...", NOTE)
    browser.photograph("clear")
    browser.click("确认")
    again = {f"{name} 成功 {tries + 1}" for name, tries in before.items()}
    until(lambda: True if succeeded(browser) == again else None, f"{succeeded(browser)} is not {again}")
    browser.open(f"{world.airflow.place.url}/dags/{DIBAO}/runs/{run}")  # the note is drawn with the page
    browser.see(NOTE)
    browser.photograph("succeeded")
    assert attempts(admin, run) == {name: tries + 1 for name, tries in before.items()}
    assert "数据没有变化,未产生新版次" in admin.log(DIBAO, run, "collect")
    (asked,) = [one for one in instructed(centre) if one not in cleared]
    assert (asked["by"], asked["reason"]) == ("p001", f"由 {OPERATOR} 在 Airflow 清除重跑:{NOTE}")


def succeeded(browser: Browser) -> set[str]:
    """Task, state and attempt of each row of the run's table."""
    return {f"{row[0]} {row[1]} {row[4]}" for row in map(str.split, browser.rows()) if len(row) > 4}


def instructed(centre: Yizhan) -> list[dict[str, Any]]:
    return list(centre.run("instruct", "list", "--feed", DIBAO, "--json").json["instructions"])


def test_a_reviewer_sees_what_is_to_be_decided_and_no_row_of_it(browser: Browser, world: Running, admin: User) -> None:
    run = scheduled(QUARTER)
    admin.reaches(VOUCHERS, run, "collect", "success")
    until(lambda: admin.get(f"dags/{VOUCHERS}/dagRuns/{run}/hitlDetails")["hitl_details"] or None, "nobody was asked")
    log_in(browser, world, REVIEWER)
    browser.open(f"{world.airflow.place.url}/dags/{VOUCHERS}/runs/{run}/tasks/review/required_actions")
    browser.see(f"农村经济经营服务中心 村级财务收支凭证 {QUARTER} 审核放行")
    browser.see(f"批次 {VOUCHERS}/{QUARTER}/r1")
    browser.see("行数 200")
    assert browser.photograph("review").read_bytes().startswith(PNG)
