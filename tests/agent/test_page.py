"""docs/agent.md: its commands run, in their order, and do what the page says they do."""

from __future__ import annotations

import configparser
import os
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.app.site import AgentFile
from gateway.demo.county import County, connect, found
from gateway.demo.sources import vouchers
from gateway.errors import YizhanError
from tests.journeys.account import written
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, ROOT, World, free_port
from tests.peers.command import Ended, Yizhan
from tests.peers.pages import blocks, page, typed

PAGE = page("agent.md")
BLOCKS = blocks(PAGE)
NOW = "2026-11-22T09:30:00+08:00"


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Ended]]:
    """The page walked through, from its first command to its last, and what each said."""
    county, port = County(root=tmp_path_factory.mktemp("page")), free_port()
    found(county, at=datetime.fromisoformat("2026-10-01T08:00:00+08:00"), port=port, starts={FEED: "2026Q3"})
    source = county.root / "cwgl.db"
    vouchers.write(source, 200, date(2026, 7, 1), date(2026, 10, 1), 7)
    connect(county, "agri", FEED, {"connection": f"Driver=SQLite3;Database={source};StepAPI=1;ReadOnly=1"})
    hatchery = at_that_moment()
    world = World(county=county, port=port, source=source, hatchery=hatchery)
    world.serve()
    yizhan, said = Yizhan(scratch=tmp_path_factory.mktemp("scratch")), {}
    for _, text in BLOCKS:
        for line in text.splitlines():
            said[line] = typed(line, county.root, yizhan, NOW)
            assert said[line].code == 0, f"{line}\n{said[line]}"
    world.stop()
    hatchery.close()
    return county.root, said


def at_that_moment() -> Hatchery:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIZHAN_")}
    return Hatchery(ROOT, kept | {"YIZHAN_NOW": NOW, "PYTHONUTF8": "1"})


def test_the_page_is_walked_from_an_instruction_to_its_receipt(walked: tuple[Path, dict[str, Ended]]) -> None:
    root, said = walked
    assert len(BLOCKS) == 3
    assert "已下达" in said["yizhan --site centre instruct list"].out
    ended = said["yizhan --site centre instruct list --feed agri.village_finance"].out
    assert "已办结" in ended and "已回执" in ended and f"{FEED}/2026Q3/r1" in ended
    assert said["yizhan --site agri ledger list"].out.count(f"{FEED}/2026Q3/r1") == 3
    assert [line.event for line in written(root / "agri")][:4] == ["instructed", "landed", "sealed", "receipted"]
    kinds = [line.event for line in written(root / "centre") if line.event in ("instructed", "concluded")]
    assert kinds == ["instructed", "concluded"] * 2


def test_the_same_again_sealed_nothing(walked: tuple[Path, dict[str, Ended]]) -> None:
    root, said = walked
    entries = [path.name for path in (root / "agri" / "spool" / "done").iterdir()]
    assert len(entries) == 1 and entries[0].startswith(f"{FEED}_2026Q3_r1_")
    assert f"{FEED}/2026Q3/r1" in said["yizhan --site agri spool list"].out
    assert len(list((root / "agri" / "agent" / "done").iterdir())) == 2


def test_the_page_names_only_codes_there_are_and_every_directory_of_the_tray() -> None:
    codes = set(re.findall(r"YZ-\d{4}", PAGE))
    assert codes == {
        "YZ-1020", "YZ-1021", "YZ-1024", "YZ-2090", "YZ-2091", "YZ-2092", "YZ-2096", "YZ-4809", "YZ-4913", "YZ-8150",
        "YZ-8158",
    }  # fmt: skip
    assert codes <= {error.code for error in YizhanError.all()}
    for state in ("received", "running", "done", "refused"):
        assert f"| `{state}` | " in PAGE


def test_the_keys_the_page_shows_are_the_site_files_own() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    said = YAML(typ="safe", pure=True).load(text)["agent"]
    assert AgentFile.model_validate(said) == AgentFile(
        releases_by=("p003",), schedule="06:00", catalogue_from="changning", recipients=("hengyang",)
    )


def test_the_unit_the_page_shows_is_the_one_that_is_shipped_but_for_where_it_runs() -> None:
    (text,) = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    shown, shipped = unit(text), unit((ROOT / "docker" / "systemd" / "yizhan-agent.service").read_text("utf-8"))
    for section, key in (("Service", "Restart"), ("Service", "RestartSec"), ("Service", "TimeoutStopSec"),
                         ("Unit", "After"), ("Unit", "StartLimitIntervalSec"), ("Install", "WantedBy")):  # fmt: skip
        assert shown[section][key] == shipped[section][key], key
    assert shown["Service"]["ExecStart"].endswith(" agent")


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    return parser
