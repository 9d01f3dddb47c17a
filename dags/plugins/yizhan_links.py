"""Links out of a task: to the page of its batch's ledger lines, or of its period while no batch is known.

Owns where those pages are. Must never hold a token.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.configuration import conf

PREFIX = "/yizhan"
"""Of the pages, below Airflow's own address."""


def airflow_path() -> str:
    """The path of Airflow's address, without the slash at its end: empty where it has a host of its own.

    Links have no host: whoever has come to Airflow under some name stays logged in under it.
    """
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def ledger_page(digest: str) -> str:
    """Of a batch's lines."""
    return f"{airflow_path()}{PREFIX}/ledger/{digest}"


def period_page(feed: str, period: str) -> str:
    """Of the board's row."""
    return f"{airflow_path()}{PREFIX}/periods/{feed}/{period}"


class LedgerLink(BaseOperatorLink):
    """To what the centre knows of a task's batch.

    Airflow asks for it in the task's own process, each time that ends or gives its slot back, and keeps the answer for
    its api-server, where the task itself is not known.
    """

    name = "台账 / ledger"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The task's `page`; empty where it has come to none."""
        return str(getattr(operator, "page", ""))
