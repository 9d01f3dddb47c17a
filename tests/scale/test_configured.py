"""`inbox:` in a centre's site file: what is refused, and where it says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.demo.county import County, found
from tests.peers.command import Yizhan
from tests.peers.daemons import free_port
from tests.sources.test_missing_driver import site_packages

WAREHOUSE = {
    "host": "127.0.0.1", "port": 1, "database": "yizhan", "sslmode": "disable", "user": "x", "password": "env:NONE",
}  # fmt: skip
BUCKET = {"url": "s3://bucket/prefix", "options": {"endpoint_url": "https://s3.example.gov.cn"}}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    county = County(root=tmp_path / "county")
    found(county, at=datetime.now(UTC), port=free_port(), starts={})
    return county.centre


def configured(site: Path, **changes: object) -> None:
    yaml = YAML(typ="safe", pure=True)
    document = yaml.load(site / "site.yaml")
    with (site / "site.yaml").open("w", encoding="utf-8") as file:
        yaml.dump({**document, **changes}, file)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inbox": {"url": "file:///mnt/inbox"}}, "inbox needs warehouse (PostgreSQL)"),
        ({"inbox": {"url": "http://bucket"}, "warehouse": WAREHOUSE}, "inbox.url"),
        (
            {"inbox": {"url": "file:///mnt/inbox", "options": BUCKET["options"]}, "warehouse": WAREHOUSE},
            "options belong to s3://",
        ),
        (
            {
                "inbox": BUCKET | {"options": {"endpoint_url": "http://s3.example.gov.cn"}},
                "warehouse": WAREHOUSE | {"sslmode": "verify-full"},
                "rehearsal": False,
            },
            "endpoint_url must be https://",
        ),
    ],
    ids=["no PostgreSQL", "neither folder nor bucket", "options of a folder", "no TLS"],
)
def test_an_inbox_that_cannot_be_right_is_refused_with_its_place(
    site: Path, tmp_path: Path, changes: Mapping[str, object], words: str
) -> None:
    configured(site, **changes)
    ended = Yizhan(scratch=tmp_path).run("serve", "--site", site, "--lang", "en")
    assert ended.code == 2
    assert "site.yaml" in ended.err
    assert words in ended.err


def test_a_secret_in_the_site_file_is_refused_and_not_shown(site: Path, tmp_path: Path) -> None:
    configured(site, inbox=BUCKET | {"options": {"secret": "wJalrXUtnFEMI"}}, warehouse=WAREHOUSE)
    ended = Yizhan(scratch=tmp_path).run("serve", "--site", site, "--lang", "en")
    assert (ended.code, "YZ-1003" in ended.err, "wJalrXUtnFEMI" in ended.err) == (2, True, False)


@pytest.mark.parametrize(("package", "place"), [("s3fs", "bucket"), ("fsspec", "shared_folder")])
def test_without_the_extra_the_message_names_it(tmp_path: Path, package: str, place: str) -> None:
    given = {"bucket": "'b', 'p', Service()", "shared_folder": f"Path({str(tmp_path)!r})"}[place]
    words = f"""
from pathlib import Path
from gateway.errors import InboxDriverMissing
from gateway.inbox import Service, {place}
try:
    {place}({given})
except InboxDriverMissing as missing:
    print(missing)
"""
    environ = {"PYTHONPATH": site_packages(tmp_path / "packages", package)}
    ended = subprocess.run([sys.executable, "-S", "-c", words], env=environ, capture_output=True, text=True, check=True)
    said = f"cannot open the shared inbox: {package} is not installed. Install it at the centre: pip install"
    assert ended.stdout.startswith(said)
