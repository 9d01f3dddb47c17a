"""Tables of the ledger."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from gateway.database import Schema, append_only

METADATA = MetaData()

LEDGER = Table(
    "ledger",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("batch", Text, index=True),
    Column("feed", Text),
    Column("period", Text),
    Column("revision", Integer),
    Column("digest", Text),
    Column("code", Text),
    Column("by", Text),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_ledger_event_seq", "event", "seq"),  # steps of one kind, in order
)
append_only(LEDGER)

# One row: where the chain ends. Appending locks it, and a tail cut off the ledger no longer reaches it.
HEAD = Table(
    "ledger_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

SCHEMA = Schema(name="ledger", head="0002", metadata=METADATA, scripts=Path(__file__).parent / "migrations")
