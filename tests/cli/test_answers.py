"""What every command answers: one JSON document of the agreed shape on stdout, everything else on stderr."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BATCHES, FEEDS, FRONT_ENDS, NODES, NOW, PERIODS, County
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

STATES = {
    "not_due", "due_soon", "overdue", "on_time", "late", "nil_on_time", "nil_late", "unbalanced", "held", "exempt",
}  # fmt: skip
ROW = {
    "feed", "department", "title", "period", "due", "state", "receipted_at", "landed_at", "revision", "rows", "amount",
    "problem_rows", "batch", "rule_due", "landed_corrected", "waiver", "reminders", "reminder", "held_since", "stage",
    "forecast",
}  # fmt: skip
RECEIVED = ("amount", "batch", "landed_at", "problem_rows", "receipted_at", "revision", "rows")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")


@pytest.mark.parametrize("node", NODES)
def test_status_has_exactly_the_agreed_keys(county: County, yizhan: Yizhan, node: str) -> None:
    ended = yizhan.run("status", "--site", county.site(node), "--json")
    board = ended.json
    assert (ended.code, ended.err) == (0, "")
    assert set(board) == {"at", "summary", "feeds", "notices"}
    assert board["at"] == "2025-11-22T10:00:00+08:00"
    assert [set(row) for row in board["feeds"]] == [ROW] * (6 if node == "centre" else 2)
    for row in board["feeds"]:
        assert row["state"] in STATES
        assert MOMENT.fullmatch(row["due"])
        if row["batch"] is None:
            assert [row[key] for key in RECEIVED] == [None] * 7
        else:
            assert row["batch"] == f"{row['feed']}/{row['period']}/r1"
            assert all(MOMENT.fullmatch(row[key]) for key in ("receipted_at", "landed_at"))
            assert re.fullmatch(r"\d+\.\d\d", row["amount"])
            assert all(isinstance(row[key], int) for key in ("revision", "rows", "problem_rows"))


def test_a_front_end_and_the_centre_say_the_same_of_a_feed(county: County, yizhan: Yizhan) -> None:
    centre = yizhan.run("status", "--site", county.site("centre"), "--json").json["feeds"]
    for department in FRONT_ENDS:
        own = yizhan.run("status", "--site", county.site(department), "--json").json["feeds"]
        assert own == [row for row in centre if row["department"] == department]


def test_status_exits_1_while_something_is_overdue(county: County, yizhan: Yizhan) -> None:
    before = yizhan.run("status", "--site", county.site("centre"), "--at", "2025-11-22T09:00:00", "--json")
    assert before.code == 1
    assert {row["state"] for row in before.json["feeds"] if row["period"] == "2025Q3"} == {"overdue"}
    later = yizhan.run("status", "--site", county.site("finance"), "--at", "2026-01-01T00:00:00+08:00", "--json")
    assert later.code == 1
    assert [row["state"] for row in later.json["feeds"]] == ["on_time", "overdue", "not_due", "not_due"]


def test_status_of_one_department_shows_no_other(county: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("status", "--site", county.site("centre"), "--department", "civil", "--json")
    assert {row["department"] for row in ended.json["feeds"]} == {"civil"}
    unknown = yizhan.run("status", "--site", county.site("centre"), "--department", "civl")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "[YZ-1006] 没有这个部门:civl。 最接近的是:civil。\n"


def test_adapter_list_has_exactly_the_agreed_keys(yizhan: Yizhan) -> None:
    ended = yizhan.run("adapter", "list", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert set(ended.json) == {"adapters"}
    extras = {name: name for name in ("files", "odbc", "oracle", "sftp", "soap")} | {"onecard": "all"}
    assert {one["name"]: one for one in ended.json["adapters"]} == {
        name: {
            "name": name, "version": yizhan.run("--version").out.strip(), "distribution": "yizhan", "extra": extra,
            "available": True, "error": None,
        }
        for name, extra in extras.items()
    }  # fmt: skip


def test_catalogue_list_and_show_agree(county: County, yizhan: Yizhan) -> None:
    listed = yizhan.run("catalogue", "list", "--site", county.site("centre"), "--json").json["feeds"]
    assert [feed["feed"] for feed in listed] == sorted(FEEDS.values())
    for feed in listed:
        shown = yizhan.run("catalogue", "show", feed["feed"], "--site", county.site("centre"), "--json").json
        assert {key: shown[key] for key in feed} == feed
        assert set(shown) == {*feed, "versions", "deadlines", "catalogue_version"}
        assert shown["catalogue_version"] is None
        assert "第十八条" in shown["article"]


def test_ledger_lines_are_whole_and_explain_the_batch(county: County, yizhan: Yizhan) -> None:
    lines = yizhan.run("ledger", "list", "--site", county.site("centre"), "--json").json["lines"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert {(line["batch"], line["event"]) for line in lines} >= {(b, "loaded") for b in BATCHES.values()}
    after = yizhan.run("ledger", "list", "--after", 4, "--site", county.site("centre"), "--json").json["lines"]
    assert after == lines[4:]
    shown = yizhan.run("ledger", "show", BATCHES["civil"], "--site", county.site("centre"), "--json").json["lines"]
    assert shown == [line for line in lines if line["batch"] == BATCHES["civil"]]


def test_a_batch_nobody_knows_is_named_with_its_nearest(county: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("ledger", "show", "finance.onecard/2025-10/r7", "--site", county.site("centre"))
    assert (ended.code, ended.out) == (2, "")
    assert "YZ-1019" in ended.err
    assert BATCHES["finance"] in ended.err


def test_what_is_near_no_name_is_refused_without_a_nearest(county: County, yizhan: Yizhan) -> None:
    asked = ("status", "--site", county.site("centre"), "--department", "xyzzy")
    assert yizhan.run(*asked).err == "[YZ-1006] 没有这个部门:xyzzy。\n"
    assert yizhan.run("--lang", "en", *asked).err == "[YZ-1006] no such department: xyzzy.\n"


def test_spool_list_names_each_entry_and_its_place(county: County, yizhan: Yizhan) -> None:
    entries = yizhan.run("spool", "list", "--site", county.site("centre"), "--json").json["entries"]
    assert {entry["batch"]: entry["state"] for entry in entries} == dict.fromkeys(BATCHES.values(), "done")
    for entry in entries:
        assert entry["size"] == (Path(entry["path"]) / "payload").stat().st_size


def test_problems_are_masked_and_give_place_field_code_and_reason(county: County, yizhan: Yizhan) -> None:
    said = _problems(county, yizhan, "zh")
    assert set(said) == {"feed", "period", "revision", "problems", "previous"}
    assert (said["revision"], said["previous"]) == (1, None)
    assert {tuple(problem) for problem in said["problems"]} == {
        ("position", "field", "code", "reason", "masked", "before")
    }
    wrong = next(problem for problem in said["problems"] if problem["code"] == "YZ-3055")
    assert wrong["field"] == "id_number"
    assert wrong["reason"].startswith("身份证号校验位不符")
    assert re.fullmatch(r"\d{6}\*{8}\d{3}[\dX]", wrong["masked"])
    english = next(one for one in _problems(county, yizhan, "en")["problems"] if one["code"] == "YZ-3055")
    assert "check digit" in english["reason"]


def test_problems_out_writes_the_book_and_an_empty_one_where_there_are_none(
    county: County, yizhan: Yizhan, tmp_path: Path
) -> None:
    given = ("problems", FEEDS["finance"], "--site", county.site("finance"))
    full, none = tmp_path / "full.csv", tmp_path / "none.csv"
    assert yizhan.run(*given, "--period", "2025-10", "--out", full).code == 0
    assert yizhan.run(*given, "--period", "2025-07", "--out", none).code == 0
    rows, header_only = (list(csv.reader(file.open(encoding="utf-8-sig"))) for file in (full, none))
    assert rows[0] == header_only[0]
    assert (len(rows), len(header_only)) == (1 + len(_problems(county, yizhan, "zh")["problems"]), 1)


@pytest.mark.parametrize("out", ["book.ods", "book", "no-such-directory/book.csv", "no-such-directory/book.xlsx"])
def test_problems_out_refuses_what_it_cannot_write(county: County, yizhan: Yizhan, tmp_path: Path, out: str) -> None:
    ended = yizhan.run(
        "problems", FEEDS["finance"], "--period", "2025-10", "--site", county.site("finance"), "--out", tmp_path / out
    )
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("[YZ-1013]")


def test_a_run_of_what_is_there_already_changes_nothing_and_exits_0(running: County, yizhan: Yizhan) -> None:
    for department in FRONT_ENDS:
        site = running.site(department)
        ended = yizhan.run("run", "--site", site, "--json")
        assert ended.code == 0, ended.err
        assert ended.err.startswith("[YZ-2012] 数据没有变化")
        collected = ended.json["collected"]
        assert ended.json["delivered"] == []
        assert [(one["feed"], one["period"], one["batch"], one["code"]) for one in collected] == [
            (FEEDS[department], PERIODS[department], None, "YZ-2012")
        ]
        assert len(list((site / "spool").glob("*/*/manifest.p7s"))) == 1
        assert yizhan.run("fsck", "--site", site).code == 0


def test_a_message_within_json_is_in_the_language_asked_for(running: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("run", "--site", running.site("agri"), "--json", "--lang", "en")
    assert ended.json["collected"][0]["message"].startswith("nothing changed: agri.village_finance 2025Q3")
    assert ended.err.startswith("[YZ-2012] nothing changed")


@pytest.mark.parametrize("department", FRONT_ENDS)
def test_probe_shows_a_real_source_with_every_value_masked(running: County, yizhan: Yizhan, department: str) -> None:
    ended = yizhan.run("probe", FEEDS[department], "--site", running.site(department), "--json")
    assert ended.code == 0, ended.err
    assert (ended.json["feed"], ended.json["period"]) == (FEEDS[department], PERIODS[department])
    assert ended.json["facts"]
    assert len(ended.json["rows"]) == 5
    source = {one.feed: one for one in running.sources()}[FEEDS[department]]
    assert [row["position"] for row in ended.json["rows"]] == list(source.positions[:5])
    shown = "".join(str(value) for row in ended.json["rows"] for value in row.values())
    assert running.canaries().in_text(shown) == set()
    table = yizhan.run("probe", FEEDS[department], "--site", running.site(department))
    assert running.canaries().in_text(table.out) == set()
    assert (
        yizhan.run("spool", "list", "--site", running.site(department), "--json").json["entries"][0]["state"] == "done"
    )


def test_a_period_before_the_first_one_owed_is_told_to_stand_on_no_board(
    county: County, tmp_path: Path, yizhan: Yizhan
) -> None:
    site = shutil.copytree(county.site("civil"), tmp_path / "civil")
    for period, told in (("2025-09", True), ("2025-10", False)):
        ended = yizhan.run("run", "civil.dibao", "--period", period, "--site", site)  # its source is down by now
        assert ended.code == 75
        assert ("早于起报数据期 2025-10" in ended.err) is told


def test_run_on_a_centre_and_serve_on_a_front_end_are_refused(county: County, yizhan: Yizhan) -> None:
    for command, site in (
        ("run", "centre"),
        ("deliver --again 2025-01-01", "centre"),
        ("problems x --period 2025-10", "centre"),
    ):
        ended = yizhan.run(*command.split(), "--site", county.site(site))
        assert (ended.code, ended.out) == (2, "")
        assert "YZ-1010" in ended.err
        assert "前置机" in ended.err
    assert "YZ-1010" in yizhan.run("serve", "--site", county.site("finance")).err


def test_serve_on_a_port_that_is_taken_says_so(running: County, yizhan: Yizhan) -> None:
    ended = yizhan.run("serve", "--site", running.site("centre"), "--lang", "en")
    assert ended.code == 2
    assert ended.err.startswith("[YZ-6133] the centre cannot listen on 127.0.0.1:")


def test_tables_keep_a_record_on_one_line_when_piped(county: County, yizhan: Yizhan) -> None:
    board = yizhan.run("status", "--site", county.site("centre")).out.splitlines()
    assert [line.split()[0] for line in board[3:]] == [
        feed for feed in ("finance.onecard", "civil.dibao", "agri.village_finance") for _ in range(2)
    ]
    assert not [line for line in board if line != line.rstrip()]
    listed = yizhan.run("ledger", "list", "--site", county.site("centre"))
    lines = yizhan.run("ledger", "list", "--site", county.site("centre"), "--json").json["lines"]
    assert len(listed.out.splitlines()) == 3 + len(lines)


@pytest.mark.parametrize("given", ["status", "ledger list", "catalogue list", "adapter list", "spool list"])
def test_every_character_of_a_table_is_one_that_a_gbk_terminal_has(county: County, yizhan: Yizhan, given: str) -> None:
    assert yizhan.run(*given.split(), "--site", county.site("centre")).out.encode("gbk")


def test_json_is_valid_and_a_table_is_readable_where_stdout_is_gbk(county: County) -> None:
    given = [sys.executable, "-m", "gateway", "status", "--site", str(county.site("centre"))]
    environ = {"PYTHONIOENCODING": "gbk", "YIZHAN_NOW": NOW}
    table, document = (
        subprocess.run([*given, *more], cwd=ROOT, env=environ, capture_output=True, check=True)
        for more in ([], ["--json"])
    )
    assert "时效看板" in table.stdout.decode("gbk")
    assert json.loads(document.stdout.decode("ascii"))["feeds"][0]["title"].startswith("惠民惠农")


def _problems(county: County, yizhan: Yizhan, lang: str) -> dict:
    return yizhan.run(
        "problems", FEEDS["finance"], "--period", "2025-10", "--site", county.site("finance"), "--json", "--lang", lang
    ).json
