"""The traps of python-oracledb that the oracle adapter keeps its values from, seen on the wire server."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.adapters.oracle_cases import wire
from tests.peers.oracle.running import Oracle

__all__ = ["wire"]  # a fixture

NINES = "9" * 38


def by_arrow(wire: Oracle, sql: str, schema: pa.Schema | None = None) -> list[Any]:
    with wire.connected() as connection:
        (frame,) = connection.fetch_df_batches(sql, requested_schema=schema, fetch_decimals=True)
        return pa.table(frame).column(0).to_pylist()


def test_the_driver_still_bends_what_the_adapter_keeps_from_it(wire: Oracle) -> None:
    """Should one of these come true one day, adapters/oracle/forms.py may trust the driver with it."""
    wide = pa.schema([("N", pa.decimal128(38, 10))])
    assert by_arrow(wire, f"SELECT CAST('{NINES}' AS NUMBER(38)) AS n FROM dual", wide) != [Decimal(NINES)]
    assert by_arrow(wire, "SELECT CAST('9007199254740993' AS NUMBER) AS n FROM dual") == [9007199254740992.0]
    zoned = "SELECT CAST('2026-01-01 00:00:00+08' AS TIMESTAMP WITH TIME ZONE) AS n FROM dual"
    assert by_arrow(wire, zoned) == [datetime(2026, 1, 1)]
