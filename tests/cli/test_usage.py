"""How commands are called: help, global options, languages, the clock, and what is said of a wrong call."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
import typer
from rich.cells import cell_len

from gateway.cli.main import app, hoist
from tests.cli.conftest import NOW, County, edit_site
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group that the live program has."""

    def below(path: tuple[str, ...], command: object) -> Iterator[tuple[str, ...]]:
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from below((*path, name), child)

    yield from below((), typer.main.get_command(app))


@pytest.mark.parametrize("path", [*commands()], ids=" ".join)
def test_every_command_and_option_explains_itself_in_both_languages(path: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    texts = [command.help, *(param.help for param in command.params)]
    for text in texts:
        assert text
        assert text.isascii() is False or text in ("zh | en (LANG)",)
        assert any(letter.isascii() and letter.isalpha() for letter in text)


def test_help_is_on_stdout_and_names_every_command(yizhan: Yizhan) -> None:
    ended = yizhan.run("-h")
    assert (ended.code, ended.err) == (0, "")
    assert all(path[-1] in ended.out for path in commands() if len(path) == 1)


@pytest.mark.parametrize(
    "given",
    [
        "nosuch",
        "status --nosuch",
        "run --period",
        "ledger show",
        "--site",
        "--lang fr status",
        "spool bury x",
        "ledger",
    ],
)
def test_a_wrong_call_exits_2_with_nothing_on_stdout(yizhan: Yizhan, given: str) -> None:
    ended = yizhan.run(*given.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(("[YZ-1012] 命令写法不对:", "Usage: "))


def test_global_options_may_stand_anywhere(county: County, yizhan: Yizhan) -> None:
    site = county.site("finance")
    calls = (
        ("--lang", "en", "--site", site, "ledger", "verify"),
        ("ledger", "--site", site, "verify", "--lang", "en"),
        ("ledger", "verify", f"--site={site}", "--lang=en"),
    )
    said = {yizhan.run(*call).out for call in calls}
    assert len(said) == 1
    assert said.pop().startswith("ledger whole: ")


def test_nothing_behind_a_double_dash_is_taken_for_a_global_option() -> None:
    assert hoist(["run", "--lang", "en", "--", "--site", "x"]) == ["--lang=en", "run", "--", "--site", "x"]


def test_the_site_is_found_by_option_variable_or_current_directory(
    county: County, yizhan: Yizhan, tmp_path: Path
) -> None:
    site = str(county.site("finance"))
    by_option = yizhan.run("ledger", "verify", "--site", site)
    assert by_option.code == 0
    assert yizhan.run("ledger", "verify", YIZHAN_SITE=site).out == by_option.out
    assert yizhan.run("ledger", "verify", cwd=county.site("finance")).out == by_option.out
    lost = yizhan.run("ledger", "verify", cwd=tmp_path)
    assert (lost.code, lost.out) == (2, "")
    assert "YZ-1002" in lost.err


@pytest.mark.parametrize(
    ("environ", "chosen", "words"),
    [
        ({}, (), "台账完好"),
        ({"LANG": "zh_CN.UTF-8"}, (), "台账完好"),
        ({"LANG": "en_GB.UTF-8"}, (), "ledger whole"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, (), "ledger whole"),
        ({"LANG": "en_GB.UTF-8"}, ("--lang", "zh"), "台账完好"),
        ({"LANG": "zh_CN.UTF-8"}, ("--lang", "en"), "ledger whole"),
    ],
)
def test_it_speaks_chinese_unless_english_is_asked_for(
    county: County, yizhan: Yizhan, environ: dict[str, str], chosen: tuple[str, ...], words: str
) -> None:
    ended = yizhan.run("ledger", "verify", "--site", county.site("finance"), *chosen, **environ)
    assert ended.out.startswith(words)


def test_errors_too_are_in_the_language_asked_for(yizhan: Yizhan, tmp_path: Path) -> None:
    for given, words in ((("--lang=en",), "file not found"), ((), "找不到文件")):
        ended = yizhan.run("status", "--site", tmp_path, *given)
        assert ended.err.startswith(f"[YZ-1002] {words}")


def test_the_clock_is_fixed_at_a_rehearsal_site(county: County, yizhan: Yizhan) -> None:
    board = yizhan.run("status", "--site", county.site("finance"), "--json", YIZHAN_NOW="2027-03-01T08:30:00+08:00")
    assert board.json["at"] == "2027-03-01T08:30:00+08:00"


def test_the_clock_is_refused_at_a_production_site(agri: Path, yizhan: Yizhan) -> None:
    edit_site(agri, lambda site: site.update(rehearsal=False))
    for command in ("status", "run", "deliver"):
        ended = yizhan.run(command, "--site", agri)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("[YZ-1005] 拒绝使用 YIZHAN_NOW")


@pytest.mark.parametrize("given", [{"YIZHAN_NOW": "soon"}, {"at": "soon"}])
def test_a_moment_that_is_none_is_refused_with_an_example(
    county: County, yizhan: Yizhan, given: dict[str, str]
) -> None:
    at = ("--at", given.pop("at")) if "at" in given else ()
    ended = yizhan.run("status", "--site", county.site("finance"), *at, **{"YIZHAN_NOW": NOW, **given})
    assert ended.code == 2
    assert ended.err == "[YZ-1011] 时间写法不对:soon。 应写作 2026-11-30T23:59:59+08:00。\n"


@pytest.mark.parametrize(("period", "code"), [("2025-13", "YZ-1007"), ("2025Q3", "YZ-1018"), ("last month", "YZ-1007")])
def test_a_period_of_the_wrong_form_or_cadence_is_refused(
    county: County, yizhan: Yizhan, period: str, code: str
) -> None:
    for command in (("run", "finance.onecard"), ("problems", "finance.onecard"), ("probe", "finance.onecard")):
        ended = yizhan.run(*command, "--period", period, "--site", county.site("finance"))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"[{code}]")


def test_a_period_that_one_of_several_feeds_does_not_have_is_told_with_that_feed(
    county: County, yizhan: Yizhan
) -> None:
    ended = yizhan.run("run", "--period", "2025Q3", "--site", county.site("finance"))
    assert (ended.code, ended.err) == (2, (
        "[YZ-1018] 2025Q3 不是 finance.onecard 的数据期(周期:每月)。"
        " 应写作 2025-10;一次采集多个事项的,请在命令中写明周期相同的归集事项。\n"
    ))  # fmt: skip


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(county: County) -> None:
    command = f"{sys.executable} -m gateway ledger list --json --site {county.site('centre')}"
    piped = f"{{ {command}; echo $? >&2; }} | true"
    ended = subprocess.run(["sh", "-c", piped], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stderr in ("141\n", "0\n")


def test_a_defect_is_told_by_its_place_and_never_in_the_words_of_the_exception(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom gateway.cli.shell import Shell\n"
        "from gateway.cli.defects import tell_defects\ntell_defects(Shell(lang='zh', site=None))\n"
        "int(Path(sys.argv[1]).read_text())\n"
    )
    (tmp_path / "value").write_text("11010519491231002X")
    ended = subprocess.run(
        [sys.executable, program, tmp_path / "value"], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "program.py" in ended.stderr
    assert "[YZ-1099] 程序缺陷:ValueError" in ended.stderr
    assert "1949" not in ended.stderr


def test_on_a_narrow_terminal_identifiers_stay_whole_and_colour_is_used(county: County) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    command = [sys.executable, "-m", "gateway", "status", "--site", str(county.site("centre"))]
    environ = {"TERM": "xterm-256color", "YIZHAN_NOW": NOW}
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run(command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, check=True)
        os.close(theirs)
        shown = _all_of(screen).decode()
    for feed in ("finance.onecard", "civil.dibao", "agri.village_finance"):
        assert f" {feed} " in shown
    assert "\x1b[" in shown
    assert "终端较窄,未显示:名称、应报时限、回执时间、版次、行数、金额(元)、问题行" in shown
    *table, _ = (line for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines() if line[:1] in "┏┃┡│└")
    assert {cell_len(line) for line in table} == {len(table[0])}
    assert len(table[0]) <= 60


def _all_of(screen: BinaryIO) -> bytes:
    """A terminal whose other side is closed ends with EIO, not with an empty read."""
    read = b""
    with suppress(OSError):
        while data := screen.read(65_536):
            read += data
    return read
