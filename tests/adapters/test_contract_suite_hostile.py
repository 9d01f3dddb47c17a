"""The contract suite can fail: an adapter with one flaw breaks the promises that the flaw is about."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from tests.adapters.hostile import FLAWS, NO_CURSOR, PROMISES, Honest
from tests.peers.processes import ROOT


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], set[str]]:
    """By flaw and promise, how its checks ended, out of one run of all the suites: passed, failed or skipped."""
    home = tmp_path_factory.mktemp("hostile")
    report = home / "report.xml"
    suites = Path(__file__).with_name("hostile_suites.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", suites]
    command.append(f"--basetemp={home / 'tmp'}")
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        flaw, promise = case.attrib["classname"].rpartition(".Test")[2], case.attrib["name"].partition("[")[0]
        found[flaw, promise.removeprefix("test_")].add(_outcome(case))
    return found


def _outcome(case: Element) -> str:
    if case.find("skipped") is not None:
        return "skipped"
    return "passed" if case.find("failure") is None and case.find("error") is None else "failed"


def test_the_honest_adapter_keeps_every_promise(outcomes: Mapping[tuple[str, str], set[str]]) -> None:
    skipped = {NO_CURSOR}  # it has cursors
    assert {promise: outcomes[Honest.__name__, promise] for promise in PROMISES} == {
        promise: {"skipped" if promise in skipped else "passed"} for promise in PROMISES
    }


@pytest.mark.parametrize(
    ("flaw", "promise"), [(flaw.__name__, promise) for flaw, promises in FLAWS.items() for promise in sorted(promises)]
)
def test_a_flaw_breaks_the_promise_it_is_about(
    outcomes: Mapping[tuple[str, str], set[str]], flaw: str, promise: str
) -> None:
    assert outcomes[flaw, promise] == {"failed"}


def test_every_promise_of_the_suite_is_broken_by_some_flaw() -> None:
    assert set().union(*FLAWS.values()) == PROMISES
