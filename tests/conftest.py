"""For all tests: what is judged, and in which order the workers take them up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

pytest.register_assert_rewrite("tests.journeys.account", "tests.agent.office", "tests.airflow.rest")

# a property test judges what comes out, never how long it took; machines are noisy
settings.register_profile("yizhan", deadline=None)
settings.load_profile("yizhan")

TOGETHER = "tests/airflow/"
"""One Airflow serves all of this folder's files, so one worker takes them all."""
LONGEST_FIRST = (
    TOGETHER, "tests/levels/", "tests/journeys/", "tests/agent/", "tests/monitoring/", "tests/cli/", "tests/scale/",
    "tests/warehouse/", "tests/adapters/",
)  # fmt: skip
"""So that no worker is left alone with a long file at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of LONGEST_FIRST, otherwise as they were found."""
    items.sort(key=lambda item: _place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """A file is one worker's; the files of TOGETHER are one."""
    return _Files(config, log)


class _Files(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)


def _place(nodeid: str) -> int:
    found = (place for place, folder in enumerate(LONGEST_FIRST) if nodeid.startswith(folder))
    return next(found, len(LONGEST_FIRST))
