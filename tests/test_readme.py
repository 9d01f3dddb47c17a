"""README.md: its commands run, its site files are valid, what it names is there, and the Chinese one is the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.app import read_site
from gateway.app.site import CentreFile, FrontEndFile
from gateway.cli.main import app

ROOT = Path(__file__).parents[1]
LANGUAGES = ("README.md", "README.zh-CN.md")
RUN = "<!-- run -->\n"

_FENCE = re.compile(rf"^((?:{re.escape(RUN)})?)```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ ", re.MULTILINE)
_ITEM = re.compile(r"^(?:\|-*|\* |\d+\. )", re.MULTILINE)
_REMARK = re.compile(r" *#[^\n]*")
_LINK = re.compile(r"\]\(([^)#]+)\)")
_PLACE = re.compile(r"`((?:tests|gateway|adapters|requirements|certs|docs|benchmarks|sample)/[^`]*)`")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block; `run` ones are exercised line by line."""

    kind: str
    text: str
    run: bool

    @property
    def bare(self) -> str:
        """Without remarks, which are in each file's own language."""
        return _REMARK.sub("", self.text)


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks(name: str) -> list[Block]:
    return [Block(kind=kind, text=text, run=bool(mark)) for mark, kind, text in _FENCE.findall(_read(name))]


def _prose(name: str) -> str:
    return _FENCE.sub("```", _read(name))


README = _blocks(LANGUAGES[0])
LINES = [line for block in README if block.run for line in block.text.splitlines()]
TARGETS = [line for line in README[0].bare.splitlines() if line]


def test_it_opens_with_the_two_commands() -> None:
    assert TARGETS == ["make demo", "make test"]
    assert "## " not in _read(LANGUAGES[0]).partition("make test")[0]


@pytest.mark.parametrize("target", [*TARGETS, "make bench"])
def test_the_make_targets_are_there(target: str) -> None:
    ended = subprocess.run([*target.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "scripts/setup.sh" in ended.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory after `make demo` but for its set-up, which is there: the sample, and a county below `.demo`."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample", directory / "sample")
    dry = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "demo"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (command,) = (line for line in dry.splitlines() if "setup.sh" not in line)
    ended = _shell(command.replace(".venv/bin/", ""), directory)
    assert ended.returncode == 0, ended.stderr
    return directory


@pytest.mark.parametrize("line", LINES)
def test_the_commands_run(place: Path, line: str) -> None:
    ended = _shell(line, place)
    assert ended.returncode == 0, ended.stderr


def test_the_demo_shows_what_it_is_said_to_show(place: Path) -> None:
    """Figures of one seed and one volume: the same on every day, but for the period's name."""
    shown = _shell("yizhan --lang en --site .demo/centre status", place).stdout
    (output,) = (block.text for block in README if "Reconciliation" in block.text)
    board = output.partition("Reconciliation")[0].splitlines()[2:]
    assert len(board) == 3
    for row in board:
        feed, *_, rows, yuan, problems = row.split()
        found = [line.split() for line in shown.splitlines() if line.split()[:1] == [feed] and "r1" in line.split()]
        assert [line[-3:] for line in found] == [[rows, yuan, problems]]


def _shell(line: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environ.pop("YIZHAN_SITE", None)
    return subprocess.run(
        ["sh", "-ec", line], cwd=directory, env=environ, capture_output=True, encoding="utf-8", timeout=90, check=False
    )


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_site_files_are_valid_and_leave_no_key_out(name: str, tmp_path: Path) -> None:
    front_end, centre = (block for block in _blocks(name) if block.kind == "yaml")
    keys = {}
    for block in (front_end, centre):
        (tmp_path / "site.yaml").write_text(block.text, encoding="utf-8")
        keys[block] = read_site(tmp_path).file.model_fields_set
    assert keys[front_end] == set(FrontEndFile.model_fields)
    assert keys[front_end] | keys[centre] >= set(CentreFile.model_fields)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_file_it_names_is_there(name: str) -> None:
    prose = _prose(name)
    named = {link for link in _LINK.findall(prose) if "://" not in link} | set(_PLACE.findall(prose))
    assert [path for path in sorted(named) if not [*ROOT.glob(path.rstrip("/"))]] == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_its_table_of_commands_is_complete(name: str) -> None:
    offered = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    offered |= {group.typer_instance.info.name for group in app.registered_groups if group.typer_instance} - {None}
    rows = re.findall(r"^\| ((?:`[a-z]+` ?)+)\|", _prose(name), re.MULTILINE)
    assert {word.strip("`") for row in rows for word in row.split()} == {
        name for name in offered if isinstance(name, str)
    }


def test_both_languages_have_the_same_shape() -> None:
    english, chinese = (_prose(name) for name in LANGUAGES)
    assert _HEADING.findall(english) == _HEADING.findall(chinese)
    assert _ITEM.findall(english) == _ITEM.findall(chinese)
    assert set(_LINK.findall(english)) ^ set(_LINK.findall(chinese)) == set(LANGUAGES)


def test_both_languages_have_the_same_blocks() -> None:
    english, chinese = map(_blocks, LANGUAGES)
    assert [(block.kind, block.run) for block in english] == [(block.kind, block.run) for block in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert one.kind == "text" or one.bare == other.bare
