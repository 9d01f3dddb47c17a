"""The real Airflow in `.airflow/venv`, which `make airflow-env` makes (and `make test` with it)."""

from __future__ import annotations

import os

import pytest

from scripts.airflow_local import PYTHON


@pytest.fixture(scope="session", autouse=True)
def airflow_environment() -> None:
    """Without it nothing here can run; where everything must run, that is no excuse."""
    if not PYTHON.exists() and not os.environ.get("CI"):
        pytest.skip("no Airflow here: make airflow-env")
    assert PYTHON.exists()
