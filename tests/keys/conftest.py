"""The sample PKI as a site would hold it: git keeps no file modes, so the private keys are closed again in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "certs" / "sample"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sample") / "sample"
    shutil.copytree(SAMPLE, place, ignore=shutil.ignore_patterns("__pycache__"))
    for key in place.rglob("*.key"):
        key.chmod(0o600)
    return place
