"""Links out of Airflow: to the page that shows a batch's ledger lines. Must never hold a token."""

from __future__ import annotations

import os


def ledger_link(digest: str | None) -> str:
    """`YIZHAN_LEDGER_LINK` with the digest for `{digest}`; empty where either is missing."""
    pattern = os.environ.get("YIZHAN_LEDGER_LINK", "")
    return pattern.replace("{digest}", digest) if digest else ""
