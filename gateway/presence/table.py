"""The table of presence, in the centre's database: one row a department, the same for all receivers of the centre."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from gateway.database import KEY_TEXT, Schema

METADATA = MetaData()

PRESENCE = Table(
    "presence",
    METADATA,
    Column("department", KEY_TEXT, primary_key=True),
    Column("at", Text, nullable=False),  # ISO 8601 with its offset, by the centre's clock, as in the ledger
    Column("skew_ms", BigInteger),
    Column("reported_at", Text),
    Column("report", Text),  # a heartbeat, as `report.encode` writes it
)

SCHEMA = Schema(name="presence", head="0001", metadata=METADATA, scripts=Path(__file__).parent / "migrations")
