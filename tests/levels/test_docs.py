"""What docs/levels.md shows is read by the product as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adapters.registry import Registry
from gateway.app.site import CentreFile, FrontEndFile, read_site
from gateway.catalogue import load
from gateway.demo.county import sample_catalogue

TEXT = (Path(__file__).parents[2] / "docs" / "levels.md").read_text(encoding="utf-8")
BLOCKS = {
    block.splitlines()[0].removeprefix("# "): block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
}
SITES = [title for title in BLOCKS if title.startswith("site.yaml")]


def test_there_is_a_site_file_for_each_level_and_for_a_department() -> None:
    assert [title.partition(": ")[2] for title in SITES] == [
        "the county's centre",
        "the city's centre",
        "the province's centre",
        "a department's front-end",
    ]


@pytest.mark.parametrize("title", SITES)
def test_a_site_file_of_the_manual_is_read(title: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(BLOCKS[title], encoding="utf-8")
    file = read_site(tmp_path).file
    if isinstance(file, FrontEndFile):
        assert list(file.centres) == ["changning"]
        return
    assert isinstance(file, CentreFile)
    above = {"changning": "hengyang", "hengyang": "hunan", "hunan": None}[file.centre]
    assert (file.upward.centre if file.upward else None) == above


@pytest.mark.parametrize("region", ["430482", "430400"])
def test_a_countys_files_are_a_part_of_the_citys_catalogue_as_they_are(region: str, tmp_path: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    sample = sample_catalogue()
    written = yaml.load(sample / "departments.yaml")
    level = yaml.load(BLOCKS["catalogue: the centres and departments of a city"]) | {"region": region}
    departments = [one | {"id": f"changning_{one['id']}"} for one in written["departments"]]
    feed = yaml.load(sample / "feeds" / "agri.village_finance.yaml")["feeds"][0]
    way = yaml.load(BLOCKS["catalogue: a feed's way"])["feeds"][0]
    feed |= way | {"id": "changning_agri.village_finance", "department": "changning_agri"}
    parts = {
        "region.yaml": {"region": region, "centres": level["centres"]},
        "430482/departments.yaml": {"departments": departments},
        "430482/feeds/changning_agri.village_finance.yaml": {"feeds": [feed]},
    }
    if region == "430400":
        others = [one for one in level["departments"] if one["id"].startswith("leiyang")]
        parts["430481/departments.yaml"] = {"departments": others}
    for name, content in parts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(content, file)
    (tmp_path / "due_rules.yaml").write_bytes((sample / "due_rules.yaml").read_bytes())
    catalogue = load(tmp_path, Registry.installed().configs())
    assert catalogue.feeds[0].path == ("changning", "hengyang", "hunan")
    assert len(catalogue.departments) == len(departments) + (region == "430400")
