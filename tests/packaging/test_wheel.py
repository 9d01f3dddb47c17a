"""What leaves the house: everything the product needs, and nothing that is only ours."""

from __future__ import annotations

import zipfile
from email.parser import Parser
from pathlib import Path

from tests.packaging.conftest import ROOT

PACKAGES = ("gateway", "adapters", "monitoring")
LEFT_OUT = ("__pycache__",)
OURS = ("monitoring/dashboards/", "monitoring/prometheus/tests/")  # built and tested from a checkout


def _files(folder: Path, into: str) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and not set(LEFT_OUT) & set(path.parts))
    return {f"{into}/{path.relative_to(folder).as_posix()}" for path in found}


def test_the_wheel_holds_the_three_packages_and_the_sample_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    wanted = set().union(*(_files(ROOT / package, package) for package in PACKAGES))
    wanted |= _files(ROOT / "sample", "gateway/demo/sample")
    assert [part for part in OURS if not any(name.startswith(part) for name in wanted)] == []
    wanted = {name for name in wanted if not name.startswith(OURS)}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == wanted


def test_the_wheel_holds_what_is_read_at_run_time(wheel: zipfile.ZipFile) -> None:
    assert {
        "gateway/envelope/ENVELOPE.md",
        "gateway/server/WIRE.md",
        "gateway/demo/sources/dibao.wsdl",
        "gateway/demo/sample/catalogue/departments.yaml",
        "gateway/demo/sample/catalogue/feeds/finance.onecard.yaml",
        "monitoring/prometheus/rules/deadlines.yml",
        "monitoring/alertmanager/templates/yizhan.tmpl",
        "monitoring/grafana/yizhan-freshness.json",
    } <= set(wheel.namelist())


def test_no_key_certificate_or_test_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert not [name for name in names if name.endswith((".key", ".crt", ".crl", ".pem", ".db"))]
    assert not [name for name in names if name.startswith(("tests/", "certs/", "benchmarks/", "scripts/"))]
    assert not [name for name in names if b"PRIVATE KEY-----\n" in wheel.read(name)]


def test_the_wheel_says_what_it_needs_and_what_it_offers(wheel: zipfile.ZipFile) -> None:
    (record,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    said = Parser().parsestr(wheel.read(record).decode())
    assert (said["Name"], said["License-Expression"]) == ("yizhan", "Apache-2.0")
    assert set(said.get_all("Provides-Extra")) == {
        "soap", "sftp", "odbc", "oracle", "files", "postgres", "inbox", "airflow", "all",
    }  # fmt: skip
    without_extra = [need for need in said.get_all("Requires-Dist") if "extra ==" not in need]
    assert not [need for need in without_extra if need.lower().startswith(("apache-airflow", "oracledb", "pyodbc"))]
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())
