"""`yizhan catalogue check`: every fault with its file and line, the nearest valid name, and never a secret."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import County
from tests.peers.command import Ended, Yizhan
from tests.peers.processes import ROOT

Check = Callable[..., Ended]
ONECARD = "feeds/finance.onecard.yaml"
SECRET = "Correct-Horse-99"


@pytest.fixture
def check(yizhan: Yizhan, tmp_path: Path) -> Check:
    """The sample catalogue with one text replaced in one file, checked."""
    catalogue = tmp_path / "catalogue"

    def checked(file: str, old: str, new: str, *options: str) -> Ended:
        shutil.rmtree(catalogue, ignore_errors=True)
        shutil.copytree(ROOT / "sample" / "catalogue", catalogue)
        text = (catalogue / file).read_text(encoding="utf-8")
        assert old in text
        (catalogue / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return yizhan.run("catalogue", "check", catalogue, *options)

    return checked


def line_of(file: str, text: str) -> int:
    lines = (ROOT / "sample" / "catalogue" / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_sample_catalogue_is_valid(yizhan: Yizhan) -> None:
    ended = yizhan.run("catalogue", "check", ROOT / "sample" / "catalogue")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("目录有效:32 个部门,3 个归集事项,摘要 ")


def test_every_site_of_the_demonstration_holds_a_valid_catalogue(county: County, yizhan: Yizhan) -> None:
    for node in ("centre", "finance", "civil", "agri"):
        assert yizhan.run("catalogue", "check", "--site", county.site(node)).code == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "nearest"),
    [
        (ONECARD, "    amount: amount", "    ammount: amount", "amount"),
        (ONECARD, "    mode: snapshot", "    mode: snapshots", "snapshot"),
        (ONECARD, "    due: livelihood_funds", "    due: livelyhood_funds", "livelihood_funds"),
        (ONECARD, "      delimiter:", "      delimeter:", "delimiter"),
        (ONECARD, "    routes: [changning]", "    routes: [changnin]", "changning"),
        ("due_rules.yaml", "    judged_by: landed", "    judge_by: landed", "judged_by"),
    ],
)
def test_a_misspelling_is_told_with_file_line_and_the_nearest_name(
    check: Check, file: str, old: str, new: str, nearest: str
) -> None:
    ended = check(file, old, new)
    assert (ended.code, ended.out) == (2, "")
    place = f"{Path(file).name}:{line_of(file, old)}:"
    told = [line for line in ended.err.splitlines() if place in line]
    assert [nearest in line.replace(new.strip(), "") for line in told] == [True], ended.err


def test_it_says_so_in_english_too(check: Check) -> None:
    ended = check(ONECARD, "    amount: amount", "    ammount: amount", "--lang", "en")
    assert ended.err.startswith("[YZ-1001] cannot read the configuration: ")
    assert "amount" in ended.err.replace("ammount", "")


def test_several_faults_are_all_told_each_with_its_code(check: Check) -> None:
    both = "    amount: amount\n    ammount: amount\n    colour: blue\n"
    ended = check(ONECARD, "    amount: amount\n", both)
    assert ended.code == 2
    assert all(line.startswith("[YZ-1001]") for line in ended.err.splitlines())
    assert "ammount" in ended.err
    assert "colour" in ended.err


@pytest.mark.parametrize("key", ["password", "passphrase", "private_key"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_literal_secret_is_refused_and_not_repeated(check: Check, key: str, lang: str) -> None:
    ended = check(ONECARD, "      adapter: sftp", f"      adapter: sftp\n      {key}: {SECRET}", "--lang", lang)
    assert (ended.code, ended.out) == (2, "")
    assert "YZ-1003" in ended.err
    assert f"{Path(ONECARD).name}:{line_of(ONECARD, 'adapter: sftp') + 1}" in ended.err
    assert "env:" in ended.err
    assert SECRET not in ended.err


def test_a_literal_secret_in_the_site_file_is_refused_by_every_command_and_not_repeated(
    agri: Path, yizhan: Yizhan
) -> None:
    site = agri / "site.yaml"
    site.write_text(f"{site.read_text()}passphrase: {SECRET}\n")
    for command in ("catalogue check", "status", "run", "fsck"):
        ended = yizhan.run(*command.split(), "--site", agri)
        assert (ended.code, ended.out) == (2, "")
        assert "YZ-1003" in ended.err
        assert SECRET not in ended.err


def test_the_schema_for_editors_is_one_document_and_needs_no_site(yizhan: Yizhan, tmp_path: Path) -> None:
    ended = yizhan.run("catalogue", "schema", cwd=tmp_path)
    assert ended.code == 0
    assert "feeds" in json.dumps(ended.json)
