"""The contract suite over `hostile`: all of it for the honest adapter, and for each flaw the promises it is about.

Not collected by itself, but run by test_contract_suite_hostile.py, which wants the first to pass and the rest to fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.testing import ContractSuite
from tests.adapters.hostile import FLAWS, PROMISES, FolderHarness, Honest


def _suite(flaw: type[Honest]) -> type[ContractSuite]:
    @pytest.fixture
    def harness(self: ContractSuite, tmp_path: Path) -> FolderHarness:
        return FolderHarness(tmp_path, flaw)

    left_out = {name: None for name in PROMISES if flaw is not Honest and name not in FLAWS[flaw]}
    suite = {f"test_{name}": nothing for name, nothing in left_out.items()}
    return type(f"Test{flaw.__name__}", (ContractSuite,), {"harness": harness, **suite})


globals().update({f"Test{flaw.__name__}": _suite(flaw) for flaw in FLAWS})
