"""An outward copy whose process is killed: nobody got it; the next one makes good for it and leaves nothing about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.journeys.account import written
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, World, found_world

READER = "livelihood_supervision"
OUTWARD = "gateway.subscribers.outward"
HANDED = ("--to", READER, "--by", "数据股", "--reason", "按月外送")


@pytest.fixture(scope="module")
def granting(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[World]:
    """A county whose centre may hand out what it gets."""
    world = found_world(tmp_path_factory.mktemp("granting"), source, hatchery)
    world.serve()
    until = (date.today() + timedelta(days=30)).isoformat()
    granted = ("--feed", FEED, "--until", until, "--by", "p101", "--reason", "低保比对")
    assert world.yizhan("grant", "add", "湘纪授1号", "--to", READER, *granted, site=world.centre_site).code == 0
    yield world
    world.stop()


@pytest.mark.parametrize(
    ("moment", "lines", "visible"),
    [
        pytest.param(f"return:{OUTWARD}:_written:1", 1, 0, id="before its line"),
        pytest.param("call:gateway.spool.disk:write_new:1", 2, 0, id="before its note"),
        pytest.param("return:gateway.spool.disk:write_new:1", 2, 1, id="before its name"),
    ],
)
def test_a_copy_cut_off_there_is_made_again_and_leaves_nothing_about(
    granting: World, tmp_path: Path, moment: str, lines: int, visible: int
) -> None:
    site = granting.centre_site
    before = copied(site)
    assert granting.yizhan("run", "--period", next(granting.quarters)).code == 0
    assert granting.yizhan("copy", "new", "--out", str(tmp_path), *HANDED, site=site, killed=moment).code == -9
    assert len([path for path in tmp_path.iterdir() if not path.name.startswith(".")]) == visible
    ended = granting.yizhan("copy", "new", "--out", str(tmp_path), *HANDED, "--json", site=site)
    (made,) = json.loads(ended.out)["copies"]
    name = Path(made["file"]).name
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"{name}.p7s"]
    assert granting.yizhan("copy", "verify", made["file"], site=site).code == 0
    assert copied(site) - before == lines
    again = granting.yizhan("copy", "new", "--out", str(tmp_path), *HANDED, "--json", site=site)
    assert json.loads(again.out) == {"copies": []}
    granting.sound_at(site)


def copied(site: Path) -> int:
    return sum(line.event == "copied" for line in written(site))
