"""The `oracle` adapter beside python-oracledb's own Arrow fetch, on the wire-level test server (a limit of its own).

With YIZHAN_TEST_ORACLE_DSN (and _USER, _PASSWORD) both read a real database instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.contest import Contest
from benchmarks.rows import COLUMNS, tables
from tests.peers.oracle.running import Oracle, any_oracle

_TYPES = {"serial": "NUMBER(10)", "amount": "NUMBER(20,2)", "paid_on": "DATE"}
_TABLE = "YZ_BENCH"
_USER, _PASSWORD = "bench", "bench-1"
_COLUMNS = ", ".join(f"{column.name} {_TYPES.get(column.name, 'VARCHAR2(40)')}" for column in COLUMNS)
SELECT = f"SELECT {', '.join(column.name for column in COLUMNS)} FROM {_TABLE} ORDER BY serial"


@contextmanager
def on_the_wire(rows: int, home: Path) -> Iterator[list[Contest]]:
    """One thin connection on each side."""
    with any_oracle(home / "oracle.duckdb", _USER, _PASSWORD) as server:
        server.make(_TABLE, _COLUMNS)
        for table in tables(rows):
            columns = [column.to_pylist() for column in table.columns]
            server.insert(_TABLE, list(zip(*columns, strict=True)))

        def fetch() -> None:
            _fetch(server)

        source: dict[str, Any] = {
            "adapter": "oracle", "dsn": server.dsn, "user": server.user, "password": "env:PASSWORD", "sql": SELECT,
        }  # fmt: skip
        titles = {column.name: column.name.upper() for column in COLUMNS}
        yield [Contest(name="oracle, thin", rows=rows, plain="fetch_df_batches", run=fetch, source=source,
                       secrets={"PASSWORD": server.password}, titles=titles)]  # fmt: skip
        server.drop(_TABLE)


def _fetch(server: Oracle) -> None:
    with server.connected() as connection:
        for _ in connection.fetch_df_batches(SELECT, size=10_000):
            pass
