"""What a centre's ledger tells of batches that wait at front-ends: each change once, whatever the heartbeats repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.app.facts import held_of
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.database import open_database
from gateway.ledger import Ledger
from gateway.presence import Heard, HeldPeriod, Report
from gateway.receive.holding import enter_holds
from tests.wire.reports import REPORT

START = datetime(2026, 12, 1, 8, tzinfo=ASIA_SHANGHAI)
FEED = "finance.onecard"


def report(*periods: str) -> Report:
    return replace(REPORT, held=tuple(HeldPeriod(feed=FEED, period=Period.parse(one), since=START) for one in periods))


def heard(said: Report | None, department: str = "finance") -> Heard:
    return Heard(department=department, at=START, skew=None, reported_at=START, report=said)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_database(tmp_path / "warehouse.db"), "centre")


def lines(ledger: Ledger) -> list[tuple[str, str | None, str | None]]:
    return [(line.event, line.period, line.said.department) for line in ledger.lines()]


def test_only_what_changes_is_entered(ledger: Ledger) -> None:
    said = [report("2026-11"), report("2026-11"), report("2026-11", "2026-12"), report("2026-12"), report()]
    before: list[Heard] = []
    for hour, one in enumerate(said):
        enter_holds("finance", one, before, ledger, START + timedelta(hours=hour))
        before = [heard(report("2026-10"), "civil"), heard(one)]
    assert lines(ledger) == [
        ("held", "2026-11", "finance"),
        ("held", "2026-12", "finance"),
        ("released", "2026-11", "finance"),
        ("released", "2026-12", "finance"),
    ]
    found = [(str(one.period), one.since, one.until) for one in held_of(ledger.lines())]
    assert found == [
        ("2026-11", START, START + timedelta(hours=3)),
        ("2026-12", START + timedelta(hours=2), START + timedelta(hours=4)),
    ]


def test_a_heartbeat_whose_keeping_was_cut_off_is_entered_again_and_read_once(ledger: Ledger) -> None:
    for hour in (0, 1):
        enter_holds("finance", report("2026-11"), [heard(report())], ledger, START + timedelta(hours=hour))
    for hour in (2, 3):
        enter_holds("finance", report(), [heard(report("2026-11"))], ledger, START + timedelta(hours=hour))
    assert [(one.since, one.until) for one in held_of(ledger.lines())] == [(START, START + timedelta(hours=2))]


@pytest.mark.parametrize("kept", [[], [heard(None)]])
def test_where_no_heartbeat_was_kept_the_ledger_says_what_stands(ledger: Ledger, kept: list[Heard]) -> None:
    enter_holds("finance", report("2026-10", "2026-11"), kept, ledger, START)
    enter_holds("civil", report("2026-10"), kept, ledger, START)
    enter_holds("finance", report("2026-11"), kept, ledger, START)
    assert lines(ledger) == [
        ("held", "2026-10", "finance"),
        ("held", "2026-11", "finance"),
        ("held", "2026-10", "civil"),
        ("released", "2026-10", "finance"),
    ]
