"""From a task to what the centre knows of its batch, in the real Airflow: over its REST interface, and as a browser."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import httpx
import pytest

from gateway.calendar import Period
from gateway.errors import BatchUnknownHere, OfficeUnreachable
from scripts.airflow_county import Running
from tests.airflow.county import DIBAO, MONTH, ONECARD, QUARTER, VOUCHERS, scheduled, settled
from tests.airflow.rest import User, until

LINK = "台账 / ledger"
PLAIN = ("collect", "deliver", "reconcile")
AT_THE_END = ("deliver", "reconcile")
REVIEWED = ("collect", "review", "release", "deliver", "reconcile")
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def link(user: User, dag: str, run: str, task: str) -> str | None:
    """Where the task's button leads."""
    found = user.get(f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/links")
    assert list(found["extra_links"]) == [LINK]
    address: str | None = found["extra_links"][LINK]
    return address


def page_of_batch(user: User, dag: str, period: Period, tasks: tuple[str, ...]) -> str:
    """Where its tasks lead: to the page of one digest, or to the period's page and from there to that.

    Only while nobody has reported a digest does a task lead to its period.
    """
    addresses = {link(user, dag, scheduled(period), task) for task in tasks}
    found = {one if one != period_page(dag, period) else digest_of(user, one) for one in addresses}
    (address,) = found
    assert address is not None
    assert re.fullmatch(r"/yizhan/ledger/[0-9a-f]{64}", address)
    return address


def period_page(dag: str, period: Period) -> str:
    return f"/yizhan/periods/{dag}/{period}"


def digest_of(user: User, address: str) -> str:
    """The page that a period's page leads to."""
    (digest,) = re.findall(r'href="\.\./\.\./ledger/([0-9a-f]{64})\?', user.page(address).text)
    return f"/yizhan/ledger/{digest}"


@pytest.fixture
def browser(world: Running) -> httpx.Client:
    """Nobody is logged in."""
    return httpx.Client(base_url=world.airflow.place.url, headers=BROWSER, timeout=30, trust_env=False)


def test_every_task_of_a_run_leads_to_the_batchs_lines(world: Running, admin: User) -> None:
    until(lambda: admin.runs(ONECARD) or None, "no run")
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    address = page_of_batch(admin, ONECARD, MONTH, PLAIN)
    assert {link(admin, ONECARD, scheduled(MONTH), task) for task in AT_THE_END} == {address}
    page = User(world.airflow.place, "viewer").page(f"{address}?lang=en")
    assert page.status_code == 200, page.text
    assert f"{ONECARD}/{MONTH}/r" in page.text
    assert re.findall(r"<td>(admitted|loaded)</td>", page.text) == ["admitted", "loaded"]
    (period,) = re.findall(r'href="\.\./(periods/[^"]+)"', page.text)
    row = admin.page(f"/yizhan/{period}")
    assert row.status_code == 200, row.text
    sent, loaded, aside, again = map(
        int,
        re.findall(
            r"sent (\d+) = loaded (\d+) \+ set aside at either end (\d+) \+ repeated or unchanged (\d+)", row.text
        )[0],
    )
    assert sent == loaded + aside + again > 0
    assert address.rsplit("/", 1)[1] in row.text


def test_reconcile_tells_the_figures_and_the_lines(admin: User) -> None:
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    log = admin.log(ONECARD, scheduled(MONTH), "reconcile")
    (figures,) = set(re.findall(r"报送 (\d+),入库 (\d+) \+ 问题\(前置机与中心合计\)(\d+) \+ 重复\(含未变\)(\d+)", log))
    sent, loaded, aside, again = map(int, figures)
    assert sent == loaded + aside + again > 0
    ((yuan, fen),) = set(re.findall(r"金额 ([0-9.]+) 元,即 (\d+) 分", log))
    assert yuan.replace(".", "") == fen
    assert re.search(r"台账 \d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 已入库 ", log)
    assert page_of_batch(admin, ONECARD, MONTH, PLAIN) in log


def test_a_run_of_unchanged_data_leads_to_the_batch_that_is_there(world: Running, admin: User) -> None:
    until(lambda: admin.runs(DIBAO) or None, "no run")
    assert admin.ended(DIBAO, scheduled(MONTH)) == "success"
    before = page_of_batch(admin, DIBAO, MONTH, PLAIN)
    User(world.airflow.place, "civil.p001").clear(DIBAO, scheduled(MONTH), "例行复核")
    admin.reaches(DIBAO, scheduled(MONTH), "collect", "deferred")
    waiting = until(lambda: link(admin, DIBAO, scheduled(MONTH), "collect"), "no link while it waits")
    assert waiting == period_page(DIBAO, MONTH)
    assert admin.ended(DIBAO, scheduled(MONTH)) == "success"
    assert "数据没有变化" in admin.log(DIBAO, scheduled(MONTH), "collect")
    assert page_of_batch(admin, DIBAO, MONTH, PLAIN) == before
    assert link(admin, DIBAO, scheduled(MONTH), "reconcile") == before


def test_the_tasks_of_a_review_lead_there_while_it_waits_and_afterwards(world: Running, admin: User) -> None:
    run = scheduled(QUARTER)
    until(lambda: admin.runs(VOUCHERS) or None, "no run")
    until(lambda: admin.tasks(VOUCHERS, run)["review"]["state"] in ("awaiting_input", "success") or None, "no review")
    if admin.tasks(VOUCHERS, run)["review"]["state"] == "awaiting_input":
        addresses = {link(admin, VOUCHERS, run, task) for task in ("collect", "review")}
        assert [re.fullmatch(r"/yizhan/ledger/[0-9a-f]{64}", one or "") is not None for one in addresses] == [True]
        held = admin.page(addresses.pop() or "")
        assert (held.status_code, BatchUnknownHere.code in held.text) == (404, True)
        assert "到达中心后本页才有记录" in held.text
        until(lambda: settled(admin, VOUCHERS, run), "the review never settled")
        place = f"dags/{VOUCHERS}/dagRuns/{run}/taskInstances/review/-1/hitlDetails"
        approval = {"chosen_options": ["Approve"], "params_input": {}}
        User(world.airflow.place, "agri.p003").ask("PATCH", place, json=approval).raise_for_status()
    assert admin.ended(VOUCHERS, run) == "success"
    page = admin.page(page_of_batch(admin, VOUCHERS, QUARTER, REVIEWED))
    assert (page.status_code, "p003" in page.text) == (200, True)


def test_a_person_is_sent_to_the_log_in_and_back_and_the_cookie_lets_in(
    world: Running, admin: User, browser: httpx.Client
) -> None:
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    address = page_of_batch(admin, ONECARD, MONTH, PLAIN)
    turned = browser.get(address)
    assert (turned.status_code, turned.text) == (303, "")
    login = browser.get(turned.headers["location"])
    assert login.status_code == 307
    assert httpx.URL(login.headers["location"]).params["next"] == address
    assert browser.get(address, headers={"Accept": "*/*"}).status_code == 401
    browser.cookies.set("_token", "x.y.z")
    assert browser.get(address).status_code == 303
    browser.cookies.clear()
    browser.cookies.set("_token", admin.token)
    page = browser.get(address)
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'none'; ")


def test_a_page_says_so_when_the_centre_is_down_and_comes_back_with_it(world: Running, admin: User) -> None:
    assert admin.ended(ONECARD, scheduled(MONTH)) == "success"
    address = page_of_batch(admin, ONECARD, MONTH, PLAIN)
    os.kill(world.servers.pids["centre"], signal.SIGTERM)
    down = until(lambda: found if (found := admin.page(address)).status_code != 200 else None, "the centre is not down")
    assert (down.status_code, OfficeUnreachable.code in down.text) == (503, True)
    world.servers.centre(world.county.centre, world.port)
    assert until(lambda: found if (found := admin.page(address)).status_code == 200 else None, "it is not back")


def test_the_api_server_shows_neither_the_token_nor_a_row(world: Running, admin: User) -> None:
    token = (world.county.centre / "secrets" / "office").read_text(encoding="utf-8").strip()
    page = admin.page(page_of_batch(admin, ONECARD, MONTH, PLAIN))
    month = Path(world.county.sources / "finance" / "out" / f"onecard_{MONTH.start:%Y%m}.txt")
    rows = [line.split("|") for line in month.read_bytes().decode("gb18030").splitlines()[2:]]
    people = {value for row in rows for value in (row[6], row[9]) if len(value) > 14}  # 身份证号, 银行账号
    assert people
    assert [one for one in (token, *people) if one in page.text] == []
