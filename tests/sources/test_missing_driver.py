"""An installation without one driver: the message names the extra that brings it, and everything else works on.

The interpreter is started without its site-packages; what is on its path is all of them but the driver.
"""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

import pytest

from tests.peers.processes import ROOT
from tests.sources.conftest import Office

DRIVERS = {"paramiko": "sftp", "pyodbc": "odbc"}


def test_run_names_the_extra_in_both_languages_and_sends_nothing(finance: Office, tmp_path: Path) -> None:
    without = site_packages(tmp_path / "packages", "paramiko")
    for lang, words in (
        ("zh", "适配器 sftp 缺少组件 paramiko。 请安装:pip install 'yizhan[sftp]'。"),
        ("en", "adapter sftp needs paramiko, which is not installed. Install it: pip install 'yizhan[sftp]'."),
    ):
        given = ("run", finance.feed, "--site", finance.site, "--lang", lang)
        ended = finance.yizhan.spawn(*given, options=["-S"], PYTHONPATH=without)
        assert ended.code == 2
        assert ended.err.splitlines()[0] == f"[YZ-2006] {words}"
    assert finance.left() == []


@pytest.mark.parametrize("package", DRIVERS)
def test_adapter_list_says_which_one_is_lacking_and_that_the_others_are_not(
    finance: Office, tmp_path: Path, package: str
) -> None:
    without = site_packages(tmp_path / "packages", package)
    ended = finance.yizhan.spawn("adapter", "list", "--json", options=["-S"], PYTHONPATH=without)
    assert ended.code == 0
    listed = {one["name"]: (one["available"], one["error"]) for one in json.loads(ended.out)["adapters"]}
    lacking = DRIVERS[package]
    assert listed.pop(lacking) == (
        False,
        f"适配器 {lacking} 缺少组件 {package}。 请安装:pip install 'yizhan[{lacking}]'。",
    )
    assert set(listed.values()) == {(True, None)}


def site_packages(directory: Path, without: str) -> str:
    """All that is installed here, by links, but for one package."""
    directory.mkdir()
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if not installed.name.startswith(without):
            (directory / installed.name).symlink_to(installed)
    return f"{ROOT}:{directory}"
