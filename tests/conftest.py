"""For all tests: a property test judges what comes out, never how long it took; machines are noisy."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.journeys.account", "tests.agent.office", "tests.airflow.rest")

settings.register_profile("yizhan", deadline=None)
settings.load_profile("yizhan")
