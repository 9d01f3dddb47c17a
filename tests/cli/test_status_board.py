"""`yizhan status`, `yizhan waiver` and `yizhan event` at real nodes: what is shown, and that no past board changes."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.app import open_node
from gateway.app.facts import Following, facts_of
from gateway.calendar import Period
from gateway.cli.shell import Shell
from gateway.cli.status import show
from gateway.freshness import board, every_period
from gateway.ledger import Event, EventKind
from tests.cli.conftest import FEEDS, NOW, County
from tests.freshness.county import POLICE, at, delivery, facts
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

ONECARD, DIBAO, FINANCE = FEEDS["finance"], FEEDS["civil"], FEEDS["agri"]
ACCIDENT = "agri.accident"
APPROVED = ("--number", "湘财〔2025〕12号", "--by", "p101", "--reason", "机构改革")
EVENT_RULE = """
  - id: accident
    title: 事故
    cadence: event
    hours_after: 24
    judged_by: accepted
    article: 安全生产事故报告办法
"""


@pytest.fixture
def centre(county: County, tmp_path: Path) -> Path:
    """The finished centre, to be changed; accidents are owed to it as well."""
    root = Path(shutil.copytree(county.site("centre"), tmp_path / "centre"))
    catalogue = root / "catalogue"
    rules = (catalogue / "due_rules.yaml").read_text(encoding="utf-8")
    (catalogue / "due_rules.yaml").write_text(
        rules.replace("\ndue_rules:\n", f"\ndue_rules:{EVENT_RULE}", 1), encoding="utf-8"
    )
    feed = (catalogue / "feeds" / f"{FINANCE}.yaml").read_text(encoding="utf-8")
    for wrong, right in ((rf"id: {FINANCE}", f"id: {ACCIDENT}"), ("due: .*", "due: accident")):
        feed = re.sub(wrong, right, feed, count=1)
    feed = re.sub("starts: .*", "starts: 2025-11-01T0000", feed, count=1)
    (catalogue / "feeds" / f"{ACCIDENT}.yaml").write_text(feed, encoding="utf-8")
    return root


def at_centre(yizhan: Yizhan, root: Path):
    def say(*words: object, now: str = NOW):
        return yizhan.run(*words, "--site", root, YIZHAN_NOW=now)

    return say


def row_of(document: dict, feed: str, period: str) -> dict:
    return next(row for row in document["feeds"] if (row["feed"], row["period"]) == (feed, period))


def test_a_past_board_is_the_same_whatever_happened_since(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    december = ("--period", "2025-11")
    acts = {
        "2025-11-22T09:59:59+08:00": (),
        "2025-11-22T10:00:01+08:00": (),
        "2025-12-24T00:00:00+08:00": ("waiver", "exempt", DIBAO, *december, *APPROVED),
        "2025-12-25T00:00:00+08:00": ("event", ACCIDENT, "--at", "2025-12-24T22:15:00", "--by", "p101"),
        "2025-12-28T00:00:00+08:00": (
            "waiver", "extend", ONECARD, *december, "--until", "2026-01-15", "--number", "2号", *APPROVED[2:],
        ),
        "2026-01-02T00:00:00+08:00": ("waiver", "withdraw", DIBAO, *december, *APPROVED),
        "2026-01-20T00:00:00+08:00": ("waiver", "exempt", ACCIDENT, "--period", "2025-12-24T2215", *APPROVED),
    }  # fmt: skip
    seen = {}
    for now, words in acts.items():
        if words:
            assert office(*words, now=now).code == 0
        for later in (now, re.sub("T..:", "T23:", now)):
            seen[later] = [office("status", *more, "--json", now=later) for more in ((), ("--all",))]
    states = [row_of(short.json, DIBAO, "2025-11")["state"] for short, _ in list(seen.values())[::2]]
    assert states == ["not_due", "not_due", "exempt", "exempt", "exempt", "overdue", "overdue"]
    for moment, live in seen.items():
        for told, more in zip(live, ((), ("--all",)), strict=True):
            asked = office("status", "--at", moment, *more, "--json", now="2026-02-01T00:00:00+08:00")
            again = office("status", *more, "--json", now=moment)
            assert (asked.code, asked.json) == (again.code, again.json) == (told.code, told.json), moment


def test_what_was_tried_and_waived_at_a_front_end_changes_none_of_its_past_boards(agri: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, agri)
    before = office("status", "--all", "--json", now="2025-12-01T00:00:00+08:00")
    (agri.parent / "cwgl.db").unlink()
    failed = office("run", FINANCE, "--period", "2025Q4", now="2026-01-10T00:00:00+08:00")
    assert failed.code == 75
    tried = office("status", "--json", now="2026-01-11T00:00:00+08:00")
    stage = row_of(tried.json, FINANCE, "2025Q4")["stage"]
    assert (stage["step"], stage["at"]) == ("deferred", "2026-01-10T00:00:00+08:00")
    assert re.fullmatch(r"YZ-\d{4}", stage["code"])
    own = ("--number", "1号", "--by", "p004", "--reason", "系统迁移")
    moved = office("waiver", "extend", FINANCE, "--period", "2025Q4", "--until", "2026-03-31", *own,
                   now="2026-01-12T00:00:00+08:00")  # fmt: skip
    assert (moved.code, moved.out) == (0, f"已登记延期:{FINANCE} 1 期(1号)\n")
    for moment, told in (("2025-12-01T00:00:00", before), ("2026-01-11T00:00:00", tried)):
        more = ("--all",) if told is before else ()
        asked = office("status", "--at", moment, *more, "--json", now="2026-05-01T00:00:00+08:00")
        assert (asked.code, asked.json) == (told.code, told.json)
    now = row_of(office("status", "--json", now="2026-01-12T00:00:00+08:00").json, FINANCE, "2025Q4")
    assert (now["due"], now["rule_due"]) == ("2026-03-31T23:59:59+08:00", "2026-01-31T23:59:59+08:00")
    assert now["waiver"]["by"] == "p004"


def test_following_reads_only_what_is_new_and_says_what_a_fresh_reading_says(centre: Path) -> None:
    node = open_node(centre, {"YIZHAN_NOW": NOW})
    following = Following(node)
    first = following.now()
    assert following.now() is first
    assert first == facts_of(node)
    event = {"feed": ACCIDENT, "period": "2025-11-20T0930", "by": "p101"}
    node.ledger.append(Event(at=node.clock(), kind=EventKind.OCCURRED, **event))
    second = following.now()
    assert (second == facts_of(node), second == first) == (True, False)
    assert second.by_feed[ONECARD] is first.by_feed[ONECARD]
    assert [str(one.period) for one in second.occurrences] == ["2025-11-20T0930"]
    assert board(node.owed, second, node.clock()) == board(node.owed, facts_of(node), node.clock())


def test_a_ledger_that_was_put_back_is_read_anew(centre: Path, tmp_path: Path) -> None:
    kept = shutil.copy(centre / "warehouse.db", tmp_path / "kept.db")
    node = open_node(centre, {"YIZHAN_NOW": NOW})
    following = Following(node)
    node.ledger.append(Event(at=node.clock(), kind=EventKind.OCCURRED, feed=ACCIDENT, period="2025-11-20T0930"))
    assert len(following.now().occurrences) == 1
    node.database.dispose()
    for left in centre.glob("warehouse.db*"):
        left.unlink()
    shutil.copy(kept, centre / "warehouse.db")
    node.ledger.append(Event(at=node.clock(), kind=EventKind.OCCURRED, feed=ACCIDENT, period="2025-11-21T0930"))
    assert [one.period for one in following.now().occurrences] == [Period.parse("2025-11-21T0930")]


def test_the_board_begins_with_its_counts_and_says_days_in_words(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    office("waiver", "extend", ONECARD, "--period", "2025-11", "--until", "2026-01-15", *APPROVED)
    title, *_ = office("status", now="2026-01-03T00:00:00+08:00").out.splitlines()
    assert title == "时效看板 2026-01-03 00:00:逾期未报 1,迟报 1,未到期 7,按时 2(共 11 期)"
    said = office("status", now="2026-01-03T00:00:00+08:00").out
    assert "已超 3 天" in said
    assert "延期 湘财〔2025〕12号,原 2025-12-31 24:00" in said
    english = office("status", "--lang", "en", now="2026-01-03T00:00:00+08:00").out
    assert english.startswith("Freshness 2026-01-03 00:00: overdue 1, ")
    assert "3 d over" in english


@pytest.mark.parametrize(
    ("landed", "accepted", "skew", "told"),
    [
        ("2026-10-09T23:00:00", "2026-10-10T12:00:00", None, "提前 1 天"),
        ("2026-10-09T23:00:00", "2026-10-12T12:00:00", None, "按落地前置机 2026-10-09 23:00 计"),
        ("2026-10-11T00:00:00", "2026-10-12T12:00:00", None, "迟 1 天"),
        ("2026-10-10T22:00:00", "2026-10-12T12:00:00", -7200, "前置机时钟偏差大,落地按 2026-10-11 00:00 计"),
    ],
)
def test_who_was_in_time_by_landing_reads_why(
    capsys: pytest.CaptureFixture[str], landed: str, accepted: str, skew: int | None, told: str
) -> None:
    measured = None if skew is None else timedelta(seconds=skew)
    known = facts(delivery("police.household", "2026-09", accepted, landed=landed, skew=measured))
    now = at("2026-10-20T00:00:00")
    show(every_period(POLICE, known, now)[:1], now, Shell(lang="zh", site=None))
    line = capsys.readouterr().out.splitlines()[-1]
    assert told in line
    assert ("计" in line) is ("计" in told)
    assert "2026-10-10 24:00" in line


def test_a_board_of_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    for lang, title in (
        ("zh", "时效看板 2026-10-20 00:00:没有数据期"),
        ("en", "Freshness 2026-10-20 00:00: no periods"),
    ):
        show((), at("2026-10-20T00:00:00"), Shell(lang=lang, site=None))
        assert capsys.readouterr().out.splitlines()[0] == title


def test_status_of_a_period_shows_every_period_that_ends_in_it(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    rows = office("status", "--period", "2025Q4", "--json", now="2026-01-03T00:00:00+08:00").json["feeds"]
    assert [(row["feed"], row["period"]) for row in rows] == [
        *((ONECARD, f"2025-{month}") for month in (10, 11, 12)),
        *((DIBAO, f"2025-{month}") for month in (10, 11, 12)),
        (FINANCE, "2025Q4"),
    ]
    alone = office("status", "--period", "2025Q3", "--json").json["feeds"]
    assert [(row["feed"], row["period"], row["state"]) for row in alone] == [(FINANCE, "2025Q3", "late")]
    both = office("status", "--period", "2025Q4", "--all")
    assert (both.code, both.out, "[YZ-" in both.err) == (2, "", True)


def test_a_decision_is_listed_while_it_holds_and_with_all_afterwards(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    span = (DIBAO, "--period", "2025-11", "--to", "2026-01")
    assert office("waiver", "exempt", *span, *APPROVED).out == f"已登记免报:{DIBAO} 3 期(湘财〔2025〕12号)\n"
    again = f"{DIBAO}(湘财〔2025〕12号)已在台账中,未重复登记。\n"
    assert office("waiver", "exempt", *span, *APPROVED).out == again
    back = ("waiver", "withdraw", DIBAO, "--period", "2025-12", *APPROVED[:-1], "机构恢复")
    assert office(*back).out == f"已撤销:{DIBAO} 1 期(湘财〔2025〕12号)\n"
    assert office(*back).out == again
    assert [one["period"] for one in office("waiver", "list", "--json").json["waivers"]] == ["2025-11", "2026-01"]
    every = office("waiver", "list", "--all", "--json").json["waivers"]
    assert [one["withdrawn_at"] for one in every] == [None, NOW, None]
    assert every[0] == {
        "feed": DIBAO, "period": "2025-11", "kind": "exempt", "number": "湘财〔2025〕12号", "until": None,
        "by": "p101", "reason": "机构改革", "at": NOW, "withdrawn_at": None, "withdrawn_by": None,
        "withdrawn_reason": None,
    }  # fmt: skip
    assert (every[1]["withdrawn_by"], every[1]["withdrawn_reason"]) == ("p101", "机构恢复")
    assert "机构恢复" in office("waiver", "list", "--all").out
    assert len(office("waiver", "list", "--all").out.splitlines()) == 3 + 3
    assert (office("ledger", "verify").code, office("fsck").code) == (0, 0)


def test_an_event_is_owed_once_it_is_entered(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    given = ("event", ACCIDENT, "--at", "2025-11-20T09:30", "--by", "p101")
    entered = office(*given, "--json")
    assert entered.json == {
        "feed": ACCIDENT, "period": "2025-11-20T0930", "at": NOW, "due": "2025-11-21T09:30:00+08:00",
    }  # fmt: skip
    assert office(*given, "--json", now="2025-12-01T00:00:00+08:00").json == entered.json
    assert row_of(office("status", "--json").json, ACCIDENT, "2025-11-20T0930")["state"] == "overdue"
    assert office("status").code == 1


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("waiver", "exempt", DIBAO, "--period", "2025-11", *APPROVED[:2], "--by", "p009", "--reason", "-"), "5040", 1),
        (("waiver", "exempt", DIBAO, "--period", "2025Q4", *APPROVED), "8105", 2),
        (("waiver", "exempt", DIBAO, "--period", "2025-12", "--to", "2025-11", *APPROVED), "8108", 2),
        (("waiver", "extend", DIBAO, "--period", "2025-11", "--until", "2025-12-31", *APPROVED), "8104", 1),
        (("waiver", "withdraw", DIBAO, "--period", "2025-11", *APPROVED), "8103", 1),
        (("waiver", "exempt", "civil.nothing", "--period", "2025-11", *APPROVED), "1006", 2),
        (("event", DIBAO, "--at", "2025-11-20T09:30", "--by", "p101"), "8106", 2),
        (("event", ACCIDENT, "--at", "2025-11-23T09:30", "--by", "p101"), "8107", 2),
        (("event", ACCIDENT, "--at", "2025-11-20", "--by", "p101"), "1011", 2),
        (("waiver", "exempt", ACCIDENT, "--period", "2025-11-20T0930", *APPROVED), "8109", 2),
        (("waiver", "extend", DIBAO, "--period", "2025-11", "--until", "9999-12-31", *APPROVED), "1011", 2),
    ],
)
def test_a_refusal_names_its_code_and_enters_nothing(centre: Path, yizhan: Yizhan, words, code, exit_code) -> None:
    office = at_centre(yizhan, centre)
    before = office("ledger", "list", "--json").json
    ended = office(*words)
    assert (ended.code, ended.out) == (exit_code, "")
    assert f"[YZ-{code}]" in ended.err
    assert office("ledger", "list", "--json").json == before


def test_a_year_nobody_knows_is_told_beside_the_board_and_stops_nothing(centre: Path, yizhan: Yizhan) -> None:
    office = at_centre(yizhan, centre)
    rules = centre / "catalogue" / "due_rules.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("    day: last\n", "    day: last\n    shift: next_workday\n", 1), encoding="utf-8")
    ended = office("status", now="2026-12-20T00:00:00+08:00")
    assert [line[:9] for line in ended.err.splitlines()] == ["[YZ-8100]", "[YZ-8101]"]
    asked = office("status", "--json", "--lang", "en", now="2026-12-20T00:00:00+08:00")
    assert [(one["code"], one["message"][:37]) for one in asked.json["notices"]] == [
        ("YZ-8100", "the working days of 2027 are not know"),
        ("YZ-8101", "the working days are known until 2026"),
    ]
    assert (asked.code, asked.err) == (1, "")


def test_colours_are_for_a_terminal_alone(centre: Path) -> None:
    given = [sys.executable, "-m", "gateway", "status", "--site", str(centre)]
    environ = {**os.environ, "YIZHAN_NOW": "2026-01-03T00:00:00+08:00", "TERM": "xterm-256color", "COLUMNS": "200"}
    environ.pop("NO_COLOR", None)
    piped = subprocess.run(given, cwd=ROOT, env=environ, capture_output=True, check=False).stdout
    leader, follower = pty.openpty()
    child = subprocess.Popen(given, cwd=ROOT, env=environ, stdout=follower, stderr=subprocess.DEVNULL)
    os.close(follower)
    shown = b"".join(iter(lambda: _read(leader), b""))
    child.wait(timeout=60)
    os.close(leader)
    assert (b"\x1b[" in piped, b"\x1b[1;31m" in shown) == (False, True)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""
