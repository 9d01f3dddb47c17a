"""`adapter new` and `adapter check` as a user runs them: an installed package, a real feed, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from adapters.scaffold import scaffold
from gateway.demo.sources import vouchers
from gateway.errors import AdapterNameRefused, ScaffoldRefused
from tests.adapters.hostile import SECRET
from tests.peers.processes import ROOT

FEED = """
feeds:
  - id: agri.tried
    title: 试用
    department: agri
    due: livelihood_funds
    starts: 2026-10
    mode: snapshot
    routes: [changning]
    key: [no]
    fields:
      - {{name: no, title: 编号, type: code, required: true}}
      - {{name: holder, title: 户主, type: person_name}}
      - {{name: amount, title: 金额, type: money}}
    source: {source}
"""
SITE = """
site: agri
role: front-end
rehearsal: true
department: agri
centres: {changning: {url: "https://127.0.0.1:1"}}
"""


def python(*command: object, path: Sequence[Path] = (), **changes: object) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PASSWORD": SECRET, "LANG": "C.UTF-8"}
    line = [sys.executable, *map(str, command)]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environ, **changes)


def yizhan(*arguments: object, path: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    return python("-m", "gateway", *arguments, path=(*path, ROOT))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("new") / "project"
    ran = yizhan("adapter", "new", "water_meters", "--dir", made)
    assert ran.returncode == 0, ran.stderr
    assert sorted(ran.stdout.split()) == sorted(str(path) for path in made.rglob("*") if path.is_file())
    return made


@pytest.fixture(scope="module")
def installed(project: Path) -> Path:
    """The project's own wheel, as its build backend makes it, unpacked where Python finds it."""
    built = python("-m", "hatchling", "build", "-t", "wheel", "-d", project.parent / "dist", cwd=project)
    assert built.returncode == 0, built.stderr
    (wheel,) = (project.parent / "dist").glob("yizhan_water_meters-0.1.0-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(project.parent / "site-packages")
    return project.parent / "site-packages"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    shutil.copytree(ROOT / "sample" / "catalogue", made / "catalogue")
    (made / "site.yaml").write_text(SITE, encoding="utf-8")
    return made


def feed(site: Path, source: str) -> None:
    (site / "catalogue" / "feeds" / "tried.yaml").write_text(FEED.format(source=source), encoding="utf-8")


def test_the_new_package_keeps_the_contract_when_it_is_installed(project: Path, installed: Path) -> None:
    options = ("-p", "no:cacheprovider", "-o", "pythonpath=tests", "-q", f"--basetemp={project.parent / 'tmp'}")
    ran = python("-m", "pytest", *options, path=(installed, ROOT), cwd=project)
    assert ran.returncode == 0, ran.stdout
    assert "17 passed, 4 skipped" in ran.stdout


def test_the_new_package_is_tidy(project: Path) -> None:
    sorting = 'lint.isort.known-third-party=["adapters","gateway"]'
    ran = python("-m", "ruff", "check", "--config", ROOT / "pyproject.toml", "--config", sorting, project / "src")
    assert ran.returncode == 0, ran.stdout


def test_the_new_adapter_is_listed_once_it_is_installed(installed: Path) -> None:
    found = json.loads(yizhan("adapter", "list", "--json", path=[installed]).stdout)["adapters"]
    (listed,) = [entry for entry in found if entry["name"] == "water_meters"]
    assert listed == {
        "name": "water_meters", "version": "0.1.0", "distribution": "yizhan-water-meters", "extra": "",
        "available": True, "error": None,
    }  # fmt: skip
    assert {"sftp", "soap", "odbc"} <= {entry["name"] for entry in found}


def test_the_new_adapter_reads_a_feed_and_check_says_so(installed: Path, site: Path, tmp_path: Path) -> None:
    feed(site, f"{{adapter: water_meters, folder: {tmp_path}}}")
    check = ("--site", site, "adapter", "check", "agri.tried", "--period", "2026-10")
    waiting = yizhan(*check, path=[installed])
    assert (waiting.returncode, waiting.stdout) == (75, "")
    lines = [json.dumps({"no": f"{n:03d}", "holder": "王", "amount": 1.5}) + "\n" for n in range(50)]
    (tmp_path / "2026-10.jsonl").write_text("".join(lines), encoding="utf-8")
    ran = yizhan(*check, "--json", path=[installed])
    assert ran.returncode == 0, ran.stderr
    assert {finding["kept"] for finding in json.loads(ran.stdout)["findings"]} == {True}


@pytest.mark.parametrize("name", ["Water", "a__b", "../x", "9a", "a-b", "", "a" * 41])
def test_a_name_that_no_adapter_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AdapterNameRefused):
        scaffold(name, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_installed_adapter_is_refused(tmp_path: Path) -> None:
    ran = yizhan("adapter", "new", "sftp", "--dir", tmp_path / "x")
    assert (ran.returncode, AdapterNameRefused.code in ran.stderr, (tmp_path / "x").exists()) == (2, True, False)


def test_nothing_is_ever_written_over(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    for occupied in (project, project / "README.md"):
        with pytest.raises(ScaffoldRefused):
            scaffold("water_meters", occupied)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_a_real_feed_keeps_the_contract(site: Path, tmp_path: Path) -> None:
    vouchers.write(tmp_path / "agri.db", 500, date(2026, 7, 1), date(2026, 10, 1), 5)
    connection = f"Driver=SQLite3;Database={tmp_path / 'agri.db'};StepAPI=1;NoCreat=1"
    source = f"{{agri.village_finance: {{connection: \"{connection}\", user: u, password: 'env:PASSWORD'}}}}"
    (site / "site.yaml").write_text(f"{SITE}sources: {source}\n", encoding="utf-8")
    ran = yizhan("--site", site, "adapter", "check", "agri.village_finance", "--period", "2026Q3")
    assert (ran.returncode, ran.stderr, ran.stdout.count("符合  ")) == (0, "", 9)


@pytest.mark.parametrize(("lang", "word"), [("zh", "违反"), ("en", "broken")])
def test_a_broken_promise_is_told_in_words_and_by_the_exit_code(
    site: Path, tmp_path: Path, lang: str, word: str
) -> None:
    (tmp_path / "records.txt").write_text("".join(f"{n}\t王芳芳\t1.00\n" for n in range(20)), encoding="utf-8")
    (tmp_path / "password").write_text(SECRET)
    feed(site, f"{{adapter: folder, folder: {tmp_path}, password: 'env:PASSWORD'}}")
    plugin = tmp_path / "hostile-1.0.dist-info"
    plugin.mkdir()
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    (plugin / "entry_points.txt").write_text("[yizhan.adapters]\nfolder = tests.adapters.hostile:SecretKept\n")
    ran = yizhan(
        "--site", site, "--lang", lang, "adapter", "check", "agri.tried", "--period", "2026-10", path=[tmp_path]
    )
    assert (ran.returncode, ran.stdout.count(word + "  ")) == (1, 1), ran.stderr
    assert "YZ-2010" in ran.stdout
    assert SECRET not in ran.stdout + ran.stderr
    assert "王芳芳" not in ran.stdout + ran.stderr
