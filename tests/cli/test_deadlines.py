"""`yizhan catalogue show`: by when a feed is owed next, what moved the day, and both readings of "10日前"."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

FEED = "finance.onecard"
SITE = "site: office\nrole: centre\nrehearsal: true\ncentre: changning\n"
RULE = "    title: 民生资金项目信息\n    cadence: monthly\n    months_after: 1\n    day: last\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A centre with the sample catalogue."""
    home = tmp_path / "site"
    shutil.copytree(ROOT / "sample" / "catalogue", home / "catalogue")
    (home / "catalogue" / "feeds" / "civil.dibao.yaml").unlink()  # it is owed by the rule that is changed here
    (home / "site.yaml").write_text(SITE, encoding="utf-8")
    return home


def ruled(site: Path, rule: str, starts: str = "2025-01") -> None:
    """Give the feed's rule other parts, and another first period."""
    rules, feed = site / "catalogue" / "due_rules.yaml", site / "catalogue" / "feeds" / f"{FEED}.yaml"
    text = rules.read_text(encoding="utf-8")
    assert text.count(RULE) == 1
    rules.write_text(text.replace(RULE, f"    title: 民生资金项目信息\n{rule}"), encoding="utf-8")
    old = feed.read_text(encoding="utf-8")
    feed.write_text(re.sub(r"^    starts: .*$", f"    starts: {starts}", old, flags=re.M), encoding="utf-8")


def shown(yizhan: Yizhan, site: Path, now: str, *options: str) -> str:
    ended = yizhan.run(*options, "--site", site, "catalogue", "show", FEED, YIZHAN_NOW=now)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def document(yizhan: Yizhan, site: Path, now: str) -> dict[str, object]:
    return yizhan.run("--site", site, "catalogue", "show", FEED, "--json", YIZHAN_NOW=now).json


def test_a_tenth_that_shifts_shows_its_day_its_readings_and_its_reminders(yizhan: Yizhan, site: Path) -> None:
    ruled(site, "    cadence: monthly\n    months_after: 1\n    day: 10\n    shift: next_workday\n")
    said = document(yizhan, site, "2026-09-30T23:59:59+08:00")
    assert said["versions"] == [{
        "effective": None, "title": "民生资金项目信息", "cadence": "monthly", "shift": "next_workday",
        "judged_by": "accepted", "article": said["article"],
    }]  # fmt: skip
    assert [
        (one["period"], one["due"], one["named"], one["shift"], one["unknown_year"]) for one in said["deadlines"]
    ] == [
        ("2026-09", "2026-10-10T23:59:59+08:00", "2026-10-10", None, None),
        ("2026-10", "2026-11-10T23:59:59+08:00", "2026-11-10", None, None),
        ("2026-11", "2026-12-10T23:59:59+08:00", "2026-12-10", None, None),
    ]
    first = said["deadlines"][0]
    assert (first["including"], first["excluding"]) == ("2026-10-10", "2026-10-09")
    assert first["reminders"] == [
        {"days": 5, "at": "2026-10-05T23:59:59+08:00"}, {"days": 3, "at": "2026-10-07T23:59:59+08:00"},
        {"days": 1, "at": "2026-10-09T23:59:59+08:00"},
    ]  # fmt: skip


def test_the_table_says_what_moved_a_day_and_which_saturday_is_worked(yizhan: Yizhan, site: Path) -> None:
    ruled(
        site, '    cadence: monthly\n    months_after: 1\n    day: 10\n    cutoff: "17:00"\n    shift: next_workday\n'
    )
    spring, autumn = (shown(yizhan, site, now) for now in ("2026-04-01T00:00:00+08:00", "2026-10-31T12:00:00+08:00"))
    assert re.search(r"2026-04 +2026-05-11 17:00 +2026-05-10 周日 +顺延至下一工作日 +2026-05-10 +2026-05-09", spring)
    assert re.search(r"2026-12 +2027-01-10 17:00 +2027-01-10 周日 +2027 年工作日未知,未顺延", autumn)
    september = shown(yizhan, site, "2026-09-01T00:00:00+08:00", "--lang", "en")
    assert re.search(r"2026-09 +2026-10-10 17:00 +2026-10-10 Sat \(worked\) +2026-10-10 +2026-10-09", september)


def test_working_days_that_nobody_knows_are_counted_and_that_is_said(yizhan: Yizhan, site: Path) -> None:
    ruled(site, "    cadence: monthly\n    workdays_after: 3\n")
    autumn = shown(yizhan, site, "2026-10-31T12:00:00+08:00")
    assert re.search(r"2026-11 +2026-12-03 24:00 +2026-12-03 周四 +11-28", autumn)
    assert re.search(r"2026-12 +2027-01-03 24:00 +2027-01-03 周日 +2027 年工作日未知,每天按工作日计", autumn)


def test_a_month_end_is_read_in_one_way_only(yizhan: Yizhan, site: Path) -> None:
    out = shown(yizhan, site, "2026-11-22T10:00:00+08:00")
    assert re.search(r"2026-11 +2026-12-31 24:00 +2026-12-31 周四 +12-26, 12-28, 12-30", out)
    assert "第十八条" in out.splitlines()[1]
    said = document(yizhan, site, "2026-11-22T10:00:00+08:00")["deadlines"]
    assert [(one["period"], one["including"], one["excluding"]) for one in said] == [
        ("2026-11", None, None), ("2026-12", None, None), ("2027-01", None, None),
    ]  # fmt: skip


def test_a_change_of_the_rule_is_seen_in_the_periods_it_rules(yizhan: Yizhan, site: Path) -> None:
    ruled(site, RULE.partition("\n")[2])
    path = site / "catalogue" / "due_rules.yaml"
    later = (
        "  - {id: livelihood_funds, title: 民生资金(季), effective: 2027-01-01, cadence: quarterly, months_after: 1,"
        " day: 15, judged_by: landed, article: 新办法第九条}\n"
    )
    path.write_text(path.read_text(encoding="utf-8").replace("due_rules:\n", f"due_rules:\n{later}"), encoding="utf-8")
    before = document(yizhan, site, "2026-11-22T10:00:00+08:00")
    assert [(one["period"], one["due"][:10]) for one in before["deadlines"]] == [
        ("2026-11", "2026-12-31"), ("2026-12", "2027-01-31"), ("2027Q1", "2027-04-15"),
    ]  # fmt: skip
    assert (before["cadence"], before["judged_by"]) == ("monthly", "accepted")
    assert [one["effective"] for one in before["versions"]] == [None, "2027-01-01"]
    after = document(yizhan, site, "2027-01-01T00:00:00+08:00")
    assert (after["cadence"], after["judged_by"], after["article"]) == ("quarterly", "landed", "新办法第九条")
    assert after["deadlines"][0]["period"] == "2027Q1"


def test_a_feed_that_starts_later_shows_its_first_periods(yizhan: Yizhan, site: Path) -> None:
    ruled(site, RULE.partition("\n")[2], starts="2027-05")
    said = document(yizhan, site, "2026-11-22T10:00:00+08:00")["deadlines"]
    assert [one["period"] for one in said] == ["2027-05", "2027-06", "2027-07"]


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("workdays_after: 3", " 3 个工作日内,当日 24:00 止", "within 3 working days of the event, until 24:00"),
        ("hours_after: 24", " 24 小时内", "within 24 hours of the event"),
        ("days_after: 5", "第 5 日 24:00 止", "until 24:00 of day 5 after the event"),
        ("months_after: 1\n    day: 10", "第 1 个月 10 日 24:00 止", "until 24:00 of day 10, month 1 after the event"),
        ("months_after: 2\n    day: last", "第 2 个月月底 24:00 止", "until 24:00 of the last day, month 2 after"),
    ],
)
def test_a_feed_of_events_tells_how_long_after(yizhan: Yizhan, site: Path, rule: str, zh: str, en: str) -> None:
    ruled(site, f"    cadence: event\n    {rule}\n", starts="2026-01-01T0000")
    assert f"事件发生后{zh}" in shown(yizhan, site, "2026-11-22T10:00:00+08:00").splitlines()
    assert en in shown(yizhan, site, "2026-11-22T10:00:00+08:00", "--lang", "en")
    said = document(yizhan, site, "2026-11-22T10:00:00+08:00")
    assert (said["cadence"], said["starts"], said["deadlines"]) == ("event", "2026-01-01T0000", [])
