"""Finding adapters: ours, a broken plugin, a missing driver, a stranger's distribution."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from adapters.contract import Secrets
from adapters.odbc import OdbcConfig
from adapters.registry import Registry
from gateway.errors import AdapterBroken, DriverMissing, UnknownName
from tests.peers.processes import ROOT

SQL = {"adapter": "odbc", "connection": "DSN=x", "sql": "SELECT 1"}
NOBODY = Secrets(root=Path("/nonexistent"), environ={})


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="yizhan.adapters")


OURS = ("sftp", "files", "soap", "odbc", "oracle", "onecard")


def test_our_adapters_are_installed_and_available() -> None:
    found = {entry.name: entry for entry in Registry.installed().entries}
    assert set(OURS) <= found.keys()
    assert all(found[name].available and found[name].distribution == "yizhan" for name in OURS)


def test_a_strangers_missing_driver_names_the_strangers_distribution(tmp_path: Path) -> None:
    """As an installed package is found: its metadata beside its module."""
    info = tmp_path / "county_meters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: county-meters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[yizhan.adapters]\nmeters = county_meters:Meters\n")
    (tmp_path / "county_meters.py").write_text(
        "from adapters.odbc import OdbcAdapter\n"
        "class Meters(OdbcAdapter):\n"
        "    kind, extra, drivers = 'meters', 'radio', ('no_such_driver',)\n"
    )
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from adapters.registry import Registry\n"
        "print(next(one for one in Registry.installed().entries if one.name == 'meters').error.message('zh'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout.strip() == (
        "适配器 meters 缺少组件 no_such_driver。 请安装:pip install 'county-meters[radio]'。"
    ), ran.stderr


def test_a_broken_plugin_is_listed_with_its_error_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "yz_broken_plugin.py").write_text("raise RuntimeError('secret-of-the-plugin')\n")
    sys.path.insert(0, str(tmp_path))
    try:
        points = [
            point("broken", "yz_broken_plugin:A"), point("absent", "no_such_module:A"), point("empty", "json:dumps"),
            point("other", "adapters.odbc:OdbcAdapter"), point("odbc", "adapters.odbc:OdbcAdapter"),
        ]  # fmt: skip
        registry = Registry.of(points)
    finally:
        sys.path.remove(str(tmp_path))
    assert {entry.name for entry in registry.entries if entry.available} == {"odbc"}
    assert all(isinstance(entry.error, AdapterBroken) for entry in registry.entries if not entry.available)
    assert "secret-of-the-plugin" not in str([str(entry.error) for entry in registry.entries])
    assert registry.adapter(OdbcConfig(**SQL), NOBODY).kind == "odbc"


def test_an_unknown_adapter_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="odbc"):
        Registry.installed().adapter(OdbcConfig(**SQL).model_copy(update={"adapter": "odcb"}), NOBODY)


BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {drivers!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
from datetime import date
from pathlib import Path
from adapters.contract import Request, Secrets
from adapters.registry import Registry
from gateway.errors import DriverMissing
registry = Registry.installed()
entry = next(entry for entry in registry.entries if entry.name == {name!r})
assert not entry.available and entry.error.facts["extra"] == {name!r}, entry
config = registry.configs()[{name!r}].model_construct(adapter={name!r})
request = Request(feed="f", columns=(), period="2026", start=date(2026, 1, 1), end=date(2027, 1, 1),
                  deadline=float("inf"), max_rows=1, max_bytes=1)
try:
    entry.adapter(config, Secrets(root=Path("."), environ={{}})).extract(request)
except DriverMissing as missing:
    print(missing.message("en"))
"""


@pytest.mark.parametrize(
    ("name", "drivers"),
    [("sftp", {"paramiko"}), ("soap", {"zeep", "lxml"}), ("odbc", {"pyodbc"}), ("oracle", {"oracledb"})],
)
def test_a_missing_driver_names_the_extra_and_the_configuration_still_loads(name: str, drivers: set[str]) -> None:
    script = BLOCKED.format(name=name, drivers=drivers)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr
    assert f"pip install 'yizhan[{name}]'" in ran.stdout


def test_a_driver_whose_system_library_is_missing_is_a_missing_driver(tmp_path: Path) -> None:
    """pyodbc's wheel is there but unixODBC is not: the import itself fails."""
    (tmp_path / "pyodbc.py").write_text("raise ImportError('libodbc.so.2: cannot open shared object file')\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + (
        "from adapters.contract import expect_drivers\nfrom adapters.odbc import OdbcAdapter\n"
        "from gateway.errors import DriverMissing\n"
        "try: expect_drivers(OdbcAdapter)\nexcept DriverMissing as missing: print(missing.code)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout.strip() == DriverMissing.code, ran.stderr


def test_the_contract_suite_without_pytest_says_what_to_install() -> None:
    blocked = "import sys; sys.modules['pytest'] = None\n"
    script = blocked + "import adapters.registry, adapters.examination, adapters.scaffold\nimport adapters.testing"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stderr.rstrip().endswith("adapters.testing is for test suites: pip install pytest")
