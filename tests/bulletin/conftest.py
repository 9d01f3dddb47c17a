"""A centre's site whose departments have sent nothing yet: finance, civil and agri owe from September 2026 on."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from gateway.demo.county import County, found
from tests.peers.command import Yizhan

NOW = "2026-11-22T10:00:00+08:00"
STARTS = {"finance.onecard": "2026-09", "civil.dibao": "2026-09", "agri.village_finance": "2026Q3"}


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    county = County(root=tmp_path_factory.mktemp("county"))
    found(county, at=datetime.fromisoformat("2026-10-01T08:00:00+08:00"), port=1, starts=STARTS)
    return county.centre


@pytest.fixture
def site(founded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(founded, tmp_path / "centre")


@pytest.fixture
def yizhan(tmp_path: Path) -> Yizhan:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Yizhan(scratch=scratch, environ={"YIZHAN_NOW": NOW})
