"""The whole chain: a county's centre and front-end, `yizhan exporter`, Prometheus, Alertmanager, and who is told.

All of them are the real programs; only waiting times are a second or two (tests/peers/prometheus.py). What is owed is
computed from today's date, whatever day it is.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.registry import Registry
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Feed, load
from gateway.demo.county import County, found, sample_catalogue
from tests.journeys.hatchery import Command, Hatchery
from tests.journeys.world import DEPARTMENT, FEED, PATIENCE, World, free_port, leave_years_open, new_hatchery
from tests.monitoring.rules_channels import Channels, channels
from tests.peers.prometheus import Alertmanager, Prometheus, alertmanager, prometheus, wait_until

_EVALUATIONS = 3 * 2.0
"""Seconds in which the rules are evaluated three times."""


@dataclass(kw_only=True)
class Office:
    """Everything that runs. The exporter may be killed and started again; it keeps its address."""

    world: World
    period: Period
    due: datetime
    port: int
    heard: Channels
    manager: Alertmanager
    prometheus: Prometheus
    exporter: Command

    def told(self, status: str, alert: str) -> list[dict[str, Any]]:
        """What the webhook got of an alert; of debts only those of the period in question."""
        ours = [one for one in self.heard.told(status) if one["labels"]["alertname"] == alert]
        return [one for one in ours if one["labels"].get("period", str(self.period)) == str(self.period)]

    def kill_exporter(self) -> None:
        self.exporter.send(signal.SIGKILL)
        assert self.exporter.wait(PATIENCE).code == -signal.SIGKILL

    def start_exporter(self) -> None:
        self.exporter = _exporter(self.world, self.port)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    hatchery = new_hatchery()
    world, period, due = _indebted(tmp_path_factory.mktemp("county"), hatchery)
    world.serve()
    port = free_port()
    exporter = _exporter(world, port)
    with (
        channels() as heard,
        alertmanager(http=heard.http, smtp=heard.smtp) as manager,
        prometheus(targets=[f"127.0.0.1:{port}"], alerts_to=manager.port) as watching,
    ):
        running = Office(
            world=world, period=period, due=due, port=port, heard=heard, manager=manager, prometheus=watching,
            exporter=exporter,
        )  # fmt: skip
        yield running
        if running.exporter.ended() is None:
            running.kill_exporter()
    world.stop()
    hatchery.close()


def _exporter(world: World, port: int) -> Command:
    return world.begin("exporter", "--listen", f"127.0.0.1:{port}", site=world.centre_site)


def _indebted(root: Path, hatchery: Hatchery) -> tuple[World, Period, datetime]:
    """A county that owes one period of the village accounts, and never ran anything."""
    now = datetime.now(UTC)
    feeds = load(sample_catalogue(), Registry.installed().configs()).feeds
    late = _overdue(next(feed for feed in feeds if feed.id == FEED), now)
    today = now.astimezone(ASIA_SHANGHAI).date()
    others = {feed.id: str(feed.schedule.running(today)) for feed in feeds if feed.id != FEED}
    county, port = County(root=root), free_port()
    found(county, at=now, port=port, starts={FEED: str(late), **others})
    for site in (county.centre, *county.front_ends):
        leave_years_open(site)
    schedule = next(feed for feed in feeds if feed.id == FEED).schedule
    return World(county=county, port=port, source=root, hatchery=hatchery), late, schedule.due(late)


def _overdue(feed: Feed, now: datetime) -> Period:
    """The latest period whose due has passed."""
    period = feed.schedule.last_complete(now.astimezone(ASIA_SHANGHAI).date())
    while feed.schedule.due(period) > now:
        period = period.previous()
    return period


def test_a_debt_is_told_in_chinese_outlives_the_exporter_and_is_settled_by_the_receipt(office: Office) -> None:
    # nothing ever ran but the centre: no batch, no receipt, no attempt
    wait_until(lambda: office.told("firing", "YizhanPeriodOverdue"))
    debt = office.told("firing", "YizhanPeriodOverdue")[0]
    day = office.due.astimezone(ASIA_SHANGHAI)
    deadline = f"{day.year}年{day.month}月{day.day}日24时(北京时间)"
    assert debt["labels"]["deadline"] == deadline
    assert debt["labels"]["article"].startswith('《湖南省"互联网+监督"平台运行管理办法》第十八条')
    assert (debt["labels"]["department_title"], debt["labels"]["owner"]) == ("农村经济经营服务中心", "农村财务管理站")
    summary = rf"农村经济经营服务中心“.+”{office.period} 期逾期未报,(今日已过时限|已超 \d+ 天)"
    assert re.fullmatch(summary, debt["annotations"]["summary"])
    command = f"yizhan run {FEED} --period {office.period}"
    assert debt["annotations"]["next_step"].startswith(f"请农村财务管理站立即在前置机执行 {command} 补报")
    wait_until(lambda: any(deadline in note["text"]["content"] for note in office.heard.wecom))
    wait_until(lambda: any(deadline in mail.get_body(("plain",)).get_content() for mail in office.heard.mails))

    # the exporter dies: that is told, and nobody is told that the debt is settled
    office.kill_exporter()
    wait_until(lambda: office.told("firing", "YizhanExporterDown"))
    time.sleep(_EVALUATIONS)
    assert [one["value"][1] for one in office.prometheus.query("up")] == ["0"]
    assert "YizhanPeriodOverdue" in {alert for alert, _ in office.prometheus.firing()}
    assert office.told("resolved", "YizhanPeriodOverdue") == []

    # it comes back, and the debt is still a debt
    office.start_exporter()
    wait_until(lambda: office.told("resolved", "YizhanExporterDown"))
    assert len(office.prometheus.query(_owed(office))) == 1
    assert office.told("resolved", "YizhanPeriodOverdue") == []

    # a receipt comes
    declared = office.world.yizhan("nil", FEED, "--period", str(office.period), "--by", "p004")
    assert declared.code == 0, declared.err
    wait_until(lambda: office.told("resolved", "YizhanPeriodOverdue"))
    wait_until(lambda: office.prometheus.query(_owed(office)) == [])

    # and is not forgotten when the exporter dies again
    office.kill_exporter()
    wait_until(lambda: ("YizhanExporterDown", "critical") in office.prometheus.firing())
    time.sleep(_EVALUATIONS)
    assert office.prometheus.query(_owed(office)) == []
    assert office.prometheus.broken() == {}


def _owed(office: Office) -> str:
    return f'yizhan:period_owed_timestamp_seconds{{department="{DEPARTMENT}",period="{office.period}"}}'
