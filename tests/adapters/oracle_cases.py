"""What the oracle tests share: a database (real where one is named), the wire server, and readings of a table."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from adapters.contract import Column, Request, Secrets
from adapters.oracle import OracleAdapter, OracleConfig
from tests.adapters.conftest import PASSWORD, USER, rows_of
from tests.peers.oracle.running import Oracle, any_oracle, wire_oracle

TABLE = "yizhan_test"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """The wire server: for what no real database does on demand."""
    with wire_oracle(tmp_path_factory.mktemp("wire") / "wire.db", USER, PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """The real database that the environment names, else a wire server."""
    with any_oracle(tmp_path_factory.mktemp("oracle") / "wire.db", USER, PASSWORD) as running:
        yield running
        running.drop(TABLE)


def config(at: Oracle, sql: str = f"SELECT * FROM {TABLE}", **changes: Any) -> OracleConfig:
    given = {"adapter": "oracle", "dsn": at.dsn, "user": at.user, "password": "env:PASSWORD", "sql": sql}
    return OracleConfig(**(given | changes))


def request(*columns: Column, seconds: float = 60, **changes: Any) -> Request:
    given = {
        "feed": "test.oracle",
        "columns": columns,
        "period": "2026-10",
        "start": date(2026, 10, 1),
        "end": date(2026, 11, 1),
        "deadline": time.monotonic() + seconds,
        "max_rows": 5_000_000,
        "max_bytes": 1 << 30,
        "cancelled": threading.Event(),
    }
    return Request(**(given | changes))


def adapter(at: Oracle, given: OracleConfig, secrets: Secrets) -> OracleAdapter:
    return OracleAdapter(given, Secrets(root=secrets.root, environ={"PASSWORD": at.password, "WRONG": "x"}))


def read(at: Oracle, given: OracleConfig, secrets: Secrets, *columns: Column, **changes: Any) -> list[Row]:
    return rows_of(adapter(at, given, secrets).extract(request(*columns, **changes)))


def column_of(rows: list[Row], name: str) -> list[Any]:
    return [row[name] for row in rows]
