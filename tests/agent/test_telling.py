"""What is told to the office: each stage once, progress once a second, and little of it while nobody hears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.agent.folders import Key
from gateway.agent.telling import Fault, Teller
from gateway.agent.tray import Tray
from gateway.errors import PeerRefused, PeerUnavailable, Unchanged
from gateway.instructions import InstructionReport, Outcome, parse_report

KEY = Key(number="20261123-bcdfghjklm", centre="changning")
AT = datetime(2026, 11, 23, tzinfo=UTC)


class Seconds:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tray(tmp_path: Path) -> Tray:
    made = Tray(tmp_path / "agent")
    made.put(KEY, b"paper", None)
    made.begin(KEY, 1)
    return made


def teller(tray: Tray, now: Callable[[], float] = lambda: 0.0) -> Teller:
    return Teller(tray, KEY, lambda: AT, lambda: None, now)


def told(tray: Tray) -> list[InstructionReport]:
    return [parse_report(one.content) for one in tray.pending()]


def test_a_stage_is_told_once(tray: Tray) -> None:
    one = teller(tray)
    for stage in ("collecting", "collecting", "delivering", "delivering"):
        one.stage(stage, f"开始 {stage}")
    assert [(report.seq, report.stage) for report in told(tray)] == [(1, "collecting"), (2, "delivering")]
    said = [(line.at, line.code, line.text) for report in told(tray) for line in report.lines]
    assert said == [(AT, None, "开始 collecting"), (AT, None, "开始 delivering")]


def test_progress_is_told_at_most_once_a_second_and_unheard_gives_way_to_the_next(tray: Tray) -> None:
    now = Seconds()
    one = teller(tray, now)
    one.stage("collecting", "开始采集")
    for tenth in range(1, 36):
        now.now = tenth / 10
        one.progress(tenth * 1000)
    assert [(report.seq, report.stage, report.done) for report in told(tray)] == [
        (1, "collecting", None), (2, "collecting", 31_000),
    ]  # fmt: skip
    tray.acknowledge(tray.pending()[0])
    tray.acknowledge(tray.pending()[0])
    now.now = 10.0
    one.progress(99_000, 100_000)
    assert [(report.seq, report.done, report.total) for report in told(tray)] == [(3, 99_000, 100_000)]


def test_a_day_offline_leaves_a_handful_of_reports(tray: Tray) -> None:
    now = Seconds()
    one = teller(tray, now)
    away = PeerUnavailable(centre="changning", reason_zh="无法建立连接", reason_en="no connection")
    for second in range(100):
        now.now = float(second)
        one.stage("delivering", "开始送达")
        one.progress(second, 5000)
        one.complain(away)
    reports = told(tray)
    assert len(reports) == 4
    assert [[line.code for line in report.lines] for report in reports] == [[None], [], ["YZ-6101"], []]


def test_a_centres_refusal_is_told_under_the_centres_own_code_and_settled_words_are_kept(tray: Tray) -> None:
    refused = PeerRefused(centre="changning", peer_code="YZ-5041", peer_zh="年度已封账", peer_en="the year is closed")
    fault = Fault.of(refused)
    assert fault.code == "YZ-5041"
    assert "年度已封账" in fault.advice.zh
    assert Fault.of(Unchanged(feed="a.b", period="2026-10", batch="a.b/2026-10/r1")).code == "YZ-2012"


def test_no_number_of_a_person_is_told(tray: Tray) -> None:
    """Whatever a centre's answer quotes: it is held back."""
    quoting = PeerRefused(
        centre="changning", peer_code="YZ-5041", peer_zh="身份证 110101199003070134 重复", peer_en="13800138000"
    )
    one = teller(tray)
    one.complain(quoting)
    one.end("delivering", Outcome(rows=1), Fault.of(quoting))
    content = b"".join(pending.content for pending in tray.pending()).decode()
    assert "110101199003070134" not in content and "13800138000" not in content
    assert "身份证" in content


def test_the_end_is_the_last_report_and_says_state_code_and_what_to_do(tray: Tray) -> None:
    one = teller(tray)
    one.stage("collecting", "开始采集")
    one.end(None, None, Fault.of(PeerUnavailable(centre="changning", reason_zh="无", reason_en="none")))
    last = told(tray)[-1]
    assert (last.seq, last.state, last.stage, last.code) == (2, "failed", "collecting", "YZ-6101")
    assert last.advice is not None and last.advice.zh_next
