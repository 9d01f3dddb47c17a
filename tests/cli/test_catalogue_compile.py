"""`yizhan catalogue compile`: always a good file, whatever the catalogue is like just now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.peers.command import Ended, Yizhan
from tests.peers.processes import ROOT

FINANCE = "feeds/finance.onecard.yaml"
ALL = ["agri.village_finance", "civil.dibao", "finance.onecard"]
NOW = "2026-11-22T10:00:00+08:00"


class Site:
    """A centre's site with the sample catalogue, and the file it is compiled to."""

    def __init__(self, root: Path, yizhan: Yizhan) -> None:
        self.root, self.yizhan, self.out = root, yizhan, root / "compiled.json"
        shutil.copytree(ROOT / "sample" / "catalogue", root / "catalogue")
        listen = "listen: {host: 127.0.0.1, port: 0}"
        (root / "site.yaml").write_text(f"site: c\nrole: centre\nrehearsal: true\ncentre: changning\n{listen}\n")

    def compile(self, at: str = NOW, *options: str) -> Ended:
        return self.yizhan.run("catalogue", "compile", "--out", self.out, *options, "--site", self.root, YIZHAN_NOW=at)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.root / "catalogue" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    @property
    def feeds(self) -> dict[str, Any]:
        return {feed["feed"]: feed for feed in json.loads(self.out.read_text(encoding="utf-8"))["feeds"]}

    @property
    def kept(self) -> list[str]:
        return [name for name, feed in self.feeds.items() if feed["remark"]]


@pytest.fixture
def site(tmp_path: Path, yizhan: Yizhan) -> Site:
    made = Site(tmp_path / "site", yizhan)
    assert made.compile().code == 0
    return made


@pytest.fixture
def yizhan(tmp_path: Path) -> Yizhan:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "site").mkdir()
    return Yizhan(scratch=tmp_path / "scratch")


def test_a_sound_catalogue_gives_every_feed_with_its_first_period_and_its_reviewers(site: Site) -> None:
    assert list(site.feeds) == ALL
    assert site.kept == []
    told = {name: (feed["first"], feed["review"], feed["reviewers"]) for name, feed in site.feeds.items()}
    assert told == {
        "agri.village_finance": ("2026Q3", "none", ["p003"]),
        "civil.dibao": ("2026-10", "corrections", ["p003"]),
        "finance.onecard": ("2026-10", "none", ["p003"]),
    }


def test_it_holds_no_connection_and_no_field(site: Site) -> None:
    text = site.out.read_text(encoding="utf-8")
    assert [word for word in ("source", "fields", "password", "adapter", "身份证") if word in text] == []


def test_others_may_read_it_and_nothing_else_is_left_beside_it(site: Site) -> None:
    assert oct(site.out.stat().st_mode)[-3:] == "644"
    assert sorted(path.name for path in site.root.iterdir()) == ["catalogue", "compiled.json", "site.yaml"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (FINANCE, "    due: livelihood_funds", "    due: nothing_such"),
        (FINANCE, "    key: [batch_no, serial_no]", "    key: [batch_no, serial]"),
        (FINANCE, "      adapter: sftp", "      adapter: carrier_pigeon"),
        (FINANCE, "    mode: snapshot", "    mode: [snapshot"),  # no YAML at all any more
        (FINANCE, "feeds:", "feedz:"),
        (FINANCE, "  - id: finance.onecard", "  - id: 7"),
    ],
    ids=["rule", "key", "adapter", "yaml", "list", "id"],
)
def test_a_broken_feed_keeps_its_last_good_entry_and_the_others_are_written(
    site: Site, file: str, old: str, new: str
) -> None:
    before = site.feeds
    site.change(file, old, new)
    site.change("feeds/civil.dibao.yaml", "    review: corrections", "    review: required")
    ended = site.compile("2026-11-23T10:00:00+08:00")
    assert ended.code == 1, ended.err
    assert f"{Path(file).name}:" in ended.err
    assert "YZ-8181" in ended.err
    assert (list(site.feeds), site.kept) == (ALL, ["finance.onecard"])
    assert {**site.feeds["finance.onecard"], "remark": None} == before["finance.onecard"]
    assert NOW in site.feeds["finance.onecard"]["remark"][0]
    assert site.feeds["civil.dibao"]["review"] == "required"


def test_a_broken_rule_keeps_all_its_feeds_and_a_broken_department_its_own(site: Site) -> None:
    site.change("due_rules.yaml", "    day: last", "    day: 99")
    assert site.compile().code == 1
    assert site.kept == ["civil.dibao", "finance.onecard"]
    site.change("due_rules.yaml", "    day: 99", "    day: last")
    site.change("departments.yaml", "    contact: 农村财务管理站", "    contact: [x]")
    assert site.compile().code == 1
    assert site.kept == ["agri.village_finance"]


def test_a_broken_version_of_a_rule_never_lets_the_older_one_rule_again(site: Site) -> None:
    newer = (
        "  - id: poverty_relief\n    title: x\n    effective: '2027-01-02'\n    cadence: quarterly\n"
        "    months_after: 1\n    day: 5\n    judged_by: accepted\n    article: x\n"
    )
    site.change("feeds/agri.village_finance.yaml", "    due: village_finance", "    due: poverty_relief")
    assert site.compile().code == 0
    site.change("due_rules.yaml", "due_rules:\n", f"due_rules:\n{newer}")
    assert site.compile().code == 1
    assert site.kept == ["agri.village_finance"]


def test_nothing_is_lost_where_not_even_the_region_can_be_read(site: Site) -> None:
    site.change("departments.yaml", 'region: "430482"', "region: 430482")
    assert site.compile().code == 1
    assert site.kept == ALL


def test_a_feed_that_was_removed_is_gone_and_a_corrected_one_loses_its_remark(site: Site) -> None:
    site.change(FINANCE, "    due: livelihood_funds", "    due: nothing_such")
    site.compile()
    site.change(FINANCE, "    due: nothing_such", "    due: livelihood_funds")
    (site.root / "catalogue" / "feeds" / "civil.dibao.yaml").unlink()
    assert site.compile().code == 0
    assert (list(site.feeds), site.kept) == (["agri.village_finance", "finance.onecard"], [])


def test_the_first_period_stays_whatever_was_missed_since(site: Site) -> None:
    assert site.compile("2027-03-05T10:00:00+08:00").code == 0
    assert [feed["first"] for feed in site.feeds.values()] == ["2026Q3", "2026-10", "2026-10"]


def test_a_damaged_file_is_told_and_replaced(site: Site) -> None:
    site.out.write_bytes(site.out.read_bytes()[:200])
    ended = site.compile()
    assert (ended.code, list(site.feeds)) == (0, ALL)
    assert "YZ-8180" in ended.err


def test_a_file_that_cannot_be_written_is_refused_with_its_code(site: Site) -> None:
    site.out = site.root / "nowhere" / "compiled.json"
    ended = site.compile()
    assert (ended.code, "YZ-1013" in ended.err) == (2, True)


def test_the_morning_is_the_offices_choice(site: Site) -> None:
    assert site.compile(NOW, "--morning", "06:15").code == 0
    assert json.loads(site.out.read_text(encoding="utf-8"))["morning"] == "06:15"
    assert site.compile(NOW, "--morning", "25:00").code == 2
