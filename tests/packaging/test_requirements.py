"""The locks: in step with pyproject.toml, each file by its hash, and no word of where they were fetched from."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.conftest import ROOT

LOCKS = ("core", "all", "dev", "airflow", "airflow-office")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
IN_ALL = ("soap", "sftp", "odbc", "oracle", "files", "postgres", "inbox")

_ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+) \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def _text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def _pins(name: str) -> dict[str, str]:
    return {match[1]: match[2] for line in _text(name).splitlines() if (match := _ENTRY.match(line))}


def _needs(*groups: list[str]) -> list[Requirement]:
    return [Requirement(line) for group in groups for line in group]


CORE = _needs(PROJECT["project"]["dependencies"])
DRIVERS = _needs(*(EXTRAS[name] for name in IN_ALL))


def _listed(name: str) -> list[Requirement]:
    """A list of our own; what follows two blanks and # is a remark."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return _needs([line.partition("  #")[0] for line in lines if line[0] != "#"])


BUILD, OFFICE = _listed("build"), _listed("airflow-office")
DEV = _needs(PROJECT["dependency-groups"]["dev"])
LOWERED = {"python-dateutil": "4.0.0"}
"""What Celery holds back: all else in an office is what the tests' Airflow runs with."""
WANTED = {
    "core": CORE,
    "all": CORE + DRIVERS + BUILD,
    "dev": CORE + DRIVERS + BUILD + DEV,
    "airflow": CORE + BUILD + _needs(EXTRAS["airflow"]),
    "airflow-office": CORE + BUILD + OFFICE + _needs(EXTRAS["airflow"]),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_is_locked_within_its_bounds(lock: str) -> None:
    pins = _pins(lock)
    wrong = [
        str(need) for need in WANTED[lock] if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]
    assert wrong == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_a_hash_or_a_remark(lock: str) -> None:
    lines = _text(lock).splitlines()
    assert [
        line for line in lines if not (_ENTRY.match(line) or _HASH.match(line) or line.lstrip().startswith("#"))
    ] == []
    for line, after in pairwise(lines):
        if _ENTRY.match(line):
            assert _HASH.match(after), line


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").iterdir()), ids=lambda path: path.name)
def test_no_lock_knows_where_it_was_fetched_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host| @ |(?:^|\s)/", text)


def test_the_locks_agree_with_each_other() -> None:
    core, everything, dev, airflow, office = map(_pins, LOCKS)
    assert core.items() <= everything.items() <= dev.items()
    assert core.items() <= airflow.items()
    assert core.items() <= office.items()
    assert {name: pin for name, pin in airflow.items() if office[name] != pin} == LOWERED


def test_core_brings_no_driver_and_nothing_brings_airflow() -> None:
    drivers = {canonicalize_name(need.name) for need in DRIVERS}
    assert not drivers & set(_pins("core"))
    assert not {"apache-airflow", "pandas"} & set(_pins("dev"))


def test_all_is_every_extra_but_airflow() -> None:
    (need,) = _needs(EXTRAS["all"])
    assert need.extras == set(IN_ALL) == set(EXTRAS) - {"all", "airflow"}
