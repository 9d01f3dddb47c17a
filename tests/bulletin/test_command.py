"""`yizhan bulletin` as it is typed: what it refuses, what it says in both languages; a kill issues all or nothing."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.bulletin.conftest import NOW
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

EVIL = "=cmd|' /C calc'!A0"
ISSUE = ("--issue", "--by", "p101")


def department(shown: dict, name: str) -> dict:
    return next(one for one in shown["departments"] if one["department"] == name)


def test_a_preview_is_marked_and_enters_nothing(site: Path, yizhan: Yizhan) -> None:
    for lang, words in (("zh", "本表为预览,尚未发布"), ("en", "This is a preview.")):
        ended = yizhan.run("--site", site, "--lang", lang, "bulletin", "2026-09")
        assert (ended.code, ended.err) == (0, "") and words in ended.out
    shown = yizhan.run("--site", site, "bulletin", "2026-09", "--json").json
    assert (shown["number"], shown["issued"], shown["by"]) == (0, False, None)
    assert len(shown["departments"]) == 32
    idle = department(shown, "police")
    assert (idle["due"], idle["rank"], idle["rate"]) == (0, None, None)
    assert {one["event"] for one in yizhan.run("--site", site, "ledger", "list", "--json").json["lines"]} <= {
        "migrated"
    }


def test_nothing_due_reads_so_in_both_languages(site: Path, yizhan: Yizhan) -> None:
    for lang, words in (("zh", "无应报任务"), ("en", "nothing due")):
        table = yizhan.run("--site", site, "--lang", lang, "bulletin", "2026-09").out
        (police,) = [line for line in table.splitlines() if re.search(r"公安局 +0", line)]
        assert words in police and "100" not in police


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (("2026-11", *ISSUE), 1, "YZ-8130"),
        (("2026-10", *ISSUE), 1, "YZ-8130"),
        (("2026-09", "--correct", "--reason", "x", "--by", "p101"), 1, "YZ-8132"),
        (("2026-09", "--number", "1"), 1, "YZ-8132"),
        (("2026-09", "--issue", "--by", "p001"), 1, "YZ-5040"),
        (("2026-11-22T0930",), 2, "YZ-8134"),
        (("2026-13",), 2, "YZ-1"),
        (("2026-09", "--out", "table.pdf"), 2, "YZ-1013"),
        (("2026-09", "--out", "none/table.csv"), 2, "YZ-1013"),
        (("2026-09", "--issue"), 2, "YZ-1012"),
        (("2026-09", "--by", "p101"), 2, "YZ-1012"),
        (("2026-09", "--correct", "--by", "p101"), 2, "YZ-1012"),
        (("2026-09", "--reason", "x"), 2, "YZ-1012"),
        (("2026-09", "--issue", "--correct", "--by", "p101", "--reason", "x"), 2, "YZ-1012"),
        (("2026-09", "--issue", "--number", "1", "--by", "p101"), 2, "YZ-1012"),
        (("2026-09", *ISSUE, "--out", "table.pdf"), 2, "YZ-1013"),
        (("2026-09", *ISSUE, "--out", "none/table.csv"), 2, "YZ-1013"),
        (("2026-09", *ISSUE, "--out", "/proc/table.csv"), 2, "YZ-1013"),
        (("2026-09", "--correct", "--reason", "x", "--by", "p101", "--out", "none/table.csv"), 2, "YZ-1013"),
    ],
)
def test_what_is_refused_is_refused_with_its_code_and_enters_nothing(
    site: Path, yizhan: Yizhan, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    for lang in ("zh", "en"):
        ended = yizhan.run("--site", site, "--lang", lang, "bulletin", *arguments)
        assert (ended.code, ended.out) == (exit_code, "") and ended.err.startswith(f"[{code}"), ended.err
    assert published(site, yizhan) == []


def test_it_is_issued_once_and_shown_the_same_for_ever(site: Path, yizhan: Yizhan, tmp_path: Path) -> None:
    assert yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE).code == 0
    again = yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE)
    assert again.code == 1 and again.err.startswith("[YZ-8131]")
    assert len(published(site, yizhan)) == 33
    unchanged = yizhan.run("--site", site, "bulletin", "2026-09", "--correct", "--reason", "x", "--by", "p101")
    assert unchanged.code == 1 and unchanged.err.startswith("[YZ-8133]")
    later = [
        yizhan.run("--site", site, "bulletin", "2026-09", "--json", YIZHAN_NOW=now)
        for now in (NOW, "2027-03-01T10:00:00+08:00")
    ]
    assert later[0].out == later[1].out and later[0].err == later[1].err == ""


def test_an_exempt_period_is_not_due_and_names_its_approval(site: Path, yizhan: Yizhan, tmp_path: Path) -> None:
    assert yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE).code == 0
    exempt(site, yizhan, "常政办函〔2026〕12号")
    shown = yizhan.run("--site", site, "bulletin", "2026-09")
    assert "发布后数据有变化,涉及 1 个单位" in shown.err
    corrected = yizhan.run(
        "--site", site, "bulletin", "2026-09", "--correct", "--reason", "-补登免报", "--by", "p101",
        "--out", tmp_path / "notice.csv", "--json",
    )  # fmt: skip
    civil = department(corrected.json, "civil")
    assert (civil["due"], civil["exempt"], civil["rank"], civil["rate"]) == (0, 1, None, None)
    assert civil["approvals"] == [{"kind": "exempt", "number": "常政办函〔2026〕12号"}]
    assert civil["remarks"] == "免报1期;批准文号:免报 常政办函〔2026〕12号"
    rows = list(csv.reader(io.StringIO((tmp_path / "notice.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert {row[1] for row in rows[1:]} == {"更正通报第1号"}
    second = yizhan.run("--site", site, "--lang", "en", "bulletin", "2026-09")
    assert "Reason of the correction: -补登免报." in second.out and "What changed" in second.out


def test_a_title_that_is_a_formula_stays_text_from_the_catalogue_to_the_file(
    site: Path, yizhan: Yizhan, tmp_path: Path
) -> None:
    catalogue = site / "catalogue" / "departments.yaml"
    catalogue.write_text(catalogue.read_text("utf-8").replace("title: 财政局", f'title: "{EVIL}"'), "utf-8")
    for ending in ("csv", "xlsx", "html"):
        out = ("--out", tmp_path / f"table.{ending}")
        assert yizhan.run("--site", site, "bulletin", "2026-09", *out).code == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "table.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert f"'{EVIL}" in {row[4] for row in rows}
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "table.xlsx").active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == EVIL] == ["s"]
    assert "=cmd|&#x27; /C calc&#x27;!A0" in (tmp_path / "table.html").read_text("utf-8")


def test_the_period_before_counts_as_it_was_issued_not_as_it_is_now(site: Path, yizhan: Yizhan) -> None:
    december = {"YIZHAN_NOW": "2026-12-05T10:00:00+08:00"}
    assert yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE, **december).code == 0
    exempt(site, yizhan, "补〔2026〕1号")
    shown = yizhan.run("--site", site, "bulletin", "2026-10", "--json", **december).json
    assert [department(shown, name)["gain"] for name in ("finance", "civil", "agri", "police")] == [
        "0.00",
        "0.00",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("moment", "lines"),
    [
        ("return:gateway.ledger.book:Ledger.append:1", 0),
        ("return:gateway.ledger.book:Ledger.append:33", 0),
        ("call:gateway.bulletin.rendering:write:1", 33),
    ],
)
def test_a_kill_issues_all_of_it_or_nothing(
    site: Path, yizhan: Yizhan, tmp_path: Path, moment: str, lines: int
) -> None:
    environ, out = {**os.environ, "YIZHAN_NOW": NOW}, tmp_path / "table.html"
    said = ("--site", site, "bulletin", "2026-09", *ISSUE, "--out", out)
    command = [sys.executable, "-m", "tests.journeys.kill", moment, *said]
    killed = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -9, killed.stderr
    assert len(published(site, yizhan)) == lines and not out.exists()
    again = yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE)
    assert again.code == (1 if lines else 0)
    assert yizhan.run("--site", site, "bulletin", "2026-09", "--out", out).code == 0
    assert len(published(site, yizhan)) == 33 and "统计时点" in out.read_text("utf-8")


def test_a_front_end_publishes_nothing(founded: Path, yizhan: Yizhan) -> None:
    assert "[YZ-1010]" in yizhan.run("--site", founded.parent / "agri", "bulletin", "2026-09").err


def exempt(site: Path, yizhan: Yizhan, number: str) -> None:
    """September of civil need not be reported."""
    said = ("civil.dibao", "--period", "2026-09", "--number", number, "--reason", "系统迁移", "--by", "p101")
    ended = yizhan.run("--site", site, "waiver", "exempt", *said)
    assert ended.code == 0, ended.err


def published(site: Path, yizhan: Yizhan) -> list[dict]:
    lines = yizhan.run("--site", site, "ledger", "list", "--json").json["lines"]
    return [line for line in lines if line["event"] == "published"]


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (("--issue",), "--issue 须以 --by 写明由谁发布。", "--issue takes --by: who issues it."),
        (("--by", "p101"), "--by 只与 --issue 或 --correct 同用。", "--by goes with --issue or --correct only."),
        (("--correct", "--by", "p101"), "--correct 须以 --reason 写明更正事由。", "--correct takes --reason: why"),
        (("--reason", "x"), "--reason 只与 --correct 同用。", "--reason goes with --correct only."),
        (("--issue", "--number", "1"), "--issue、--number 只能写一个。", "only one of --issue, --number can be given."),
    ],
)
def test_options_that_do_not_fit_are_told_in_one_language(
    site: Path, yizhan: Yizhan, arguments: tuple[str, ...], zh: str, en: str
) -> None:
    for lang, words, usage in (("zh", zh, "命令写法不对:"), ("en", en, "wrong usage: ")):
        ended = yizhan.run("--site", site, "--lang", lang, "bulletin", "2026-09", *arguments)
        assert ended.code == 2 and ended.err.startswith(f"[YZ-1012] {usage}{words}"), ended.err


@pytest.mark.parametrize("publishing", [ISSUE, ("--correct", "--reason", "补登免报", "--by", "p101")])
def test_what_was_published_and_could_not_be_written_is_said_with_the_way_to_write_it(
    site: Path, yizhan: Yizhan, tmp_path: Path, publishing: tuple[str, ...]
) -> None:
    """A name that is too long shows only when the file is written."""
    if publishing != ISSUE:
        assert yizhan.run("--site", site, "bulletin", "2026-09", *ISSUE).code == 0
        exempt(site, yizhan, "补〔2026〕1号")
    before, out = len(published(site, yizhan)), tmp_path / f"{'x' * 250}.csv"
    ended = yizhan.run("--site", site, "bulletin", "2026-09", *publishing, "--out", out)
    assert (ended.code, ended.out) == (2, "") and ended.err.startswith("[YZ-8135] 2026-09 的通报已经发布并入台账")
    assert "yizhan bulletin 2026-09 --out 文件(不带 --issue、--correct)" in ended.err
    assert len(published(site, yizhan)) == before + 33
    again = yizhan.run("--site", site, "bulletin", "2026-09", "--out", tmp_path / "again.csv")
    assert again.code == 0 and (tmp_path / "again.csv").exists()


def test_a_preview_that_cannot_be_written_says_nothing_of_publishing(
    site: Path, yizhan: Yizhan, tmp_path: Path
) -> None:
    ended = yizhan.run("--site", site, "bulletin", "2026-09", "--out", tmp_path / f"{'x' * 250}.csv")
    assert ended.code == 2 and ended.err.startswith("[YZ-1013]") and published(site, yizhan) == []


def test_the_help_says_last_day_of_a_period_as_status_does(yizhan: Yizhan) -> None:
    assert "末日在其中的数据期均计入" in "".join(yizhan.run("bulletin", "-h").out.split())
