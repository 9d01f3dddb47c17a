"""For all tests: what is judged, and what the workers share out."""

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """A file is one worker's; the files of TOGETHER are one."""
    return _Files(config, log)


class _Files(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)
