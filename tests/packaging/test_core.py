"""A machine with core's packages alone: everything but the drivers works, and a missing driver is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.demo.county import County, connect, found
from tests.packaging.conftest import Machine

DRIVERS = ("paramiko", "zeep", "lxml", "pyodbc", "oracledb", "psycopg", "airflow", "pandas")
CONNECTIONS = {
    "finance.onecard": ("finance", "sftp", {
        "host": "127.0.0.1", "host_key": f"SHA256:{'A' * 43}", "user": "yizhan", "password": "env:PASSWORD",
    }),
    "civil.dibao": ("civil", "soap", {
        "wsdl": "http://127.0.0.1:9/dibao?wsdl", "login": "token_text", "user": "yizhan", "password": "env:PASSWORD",
    }),
    "agri.village_finance": ("agri", "odbc", {"connection": "Driver=SQLite3;Database=/nowhere/cwgl.db"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    """Sites as the demonstration makes them; their sources are never reached."""
    made = County(root=tmp_path_factory.mktemp("county"))
    month, quarter = "2026-10", "2026Q3"
    starts = {"finance.onecard": month, "civil.dibao": month, "agri.village_finance": quarter}
    found(made, at=datetime(2020, 1, 1, tzinfo=UTC), port=8443, starts=starts)
    for feed, (department, _, connection) in CONNECTIONS.items():
        connect(made, department, feed, connection)
    return made


def test_the_packages_come_from_the_wheel_and_no_driver_is_there(core: Machine) -> None:
    script = (
        "import importlib.util, gateway, adapters, monitoring\n"
        f"print([name for name in {DRIVERS} if importlib.util.find_spec(name)])\n"
        "print(gateway.__file__)"
    )
    ended = core.python("-c", script)
    assert ended.returncode == 0, ended.stderr
    drivers, place = ended.stdout.splitlines()
    assert drivers == "[]"
    assert Path(place).is_relative_to(core.path)


def test_the_command_starts(core: Machine) -> None:
    helped, version = core.yizhan("--help"), core.yizhan("--version")
    assert (helped.returncode, version.returncode) == (0, 0), helped.stderr
    assert version.stdout.strip() == "0.1.0"
    assert "catalogue" in helped.stdout


def test_the_sample_catalogue_of_the_wheel_is_valid(core: Machine) -> None:
    ended = core.yizhan("catalogue", "check", core.path / "gateway" / "demo" / "sample" / "catalogue")
    assert ended.returncode == 0, ended.stderr


def test_a_node_can_show_its_board(core: Machine, county: County) -> None:
    for site in (county.front_end("finance"), county.centre):
        ended = core.yizhan("--site", site, "status", "--at", "2026-10-15T09:00:00+08:00")
        assert ended.returncode == 0, ended.stderr
        assert "finance.onecard" in ended.stdout


@pytest.mark.parametrize("feed", CONNECTIONS)
def test_a_feed_whose_driver_is_missing_names_the_extra(core: Machine, county: County, feed: str) -> None:
    department, extra, _ = CONNECTIONS[feed]
    ended = core.yizhan("--site", county.front_end(department), "run", feed)
    assert ended.returncode != 0
    assert "YZ-2006" in ended.stderr
    assert f"yizhan[{extra}]" in ended.stderr
