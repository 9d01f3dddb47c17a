"""The tables of instructions, in the centre's database, the same for all receivers of the centre.

No foreign key joins them, as nowhere in a database that may be distributed.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

from gateway.database import KEY_TEXT, Schema

METADATA = MetaData()

INSTRUCTIONS = Table(
    "instructions",
    METADATA,
    Column("number", KEY_TEXT, primary_key=True),
    Column("position", BigInteger, nullable=False),  # of its line in the centre's ledger: the order of issue
    Column("department", KEY_TEXT, nullable=False),
    Column("feed", KEY_TEXT, nullable=False),
    Column("period", KEY_TEXT, nullable=False),
    Column("document", LargeBinary, nullable=False),  # instruction.p7s
    Column("paper", LargeBinary),  # order.p7s, the rectification order it is to be carried out under
    Column("state", KEY_TEXT, nullable=False),
    Column("stage", Text),
    Column("done", BigInteger),
    Column("total", BigInteger),
    Column("code", Text),
    Column("advice", Text),  # JSON, `report.advice_json`
    Column("outcome", Text),  # JSON, `report.outcome_json`
    Column("seq", BigInteger, nullable=False),  # of the last report heard; 0: none
    Column("lines", Integer, nullable=False),  # how many are kept
    Column("expires_at", Text, nullable=False),  # ISO 8601 with its offset, by the centre's clock, as in the ledger
    Column("fetched_at", Text),
    Column("reported_at", Text),
    Column("ended_at", Text),
)
Index("ix_instructions_open", INSTRUCTIONS.c.state, INSTRUCTIONS.c.department, INSTRUCTIONS.c.position)
Index("ix_instructions_about", INSTRUCTIONS.c.feed, INSTRUCTIONS.c.period, INSTRUCTIONS.c.position)
Index("ix_instructions_position", INSTRUCTIONS.c.position)

REQUESTS = Table(
    "instruction_requests",  # whoever asks again under the same key is given the same instruction
    METADATA,
    Column("request", KEY_TEXT, primary_key=True),
    Column("number", KEY_TEXT, nullable=False),
    Column("wanted", KEY_TEXT, nullable=False),  # SHA-256 of what was asked for
)

LINES = Table(
    "instruction_lines",
    METADATA,
    Column("number", KEY_TEXT, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("code", Text),
    Column("text", Text, nullable=False),
)

SCHEMA = Schema(name="instructions", head="0001", metadata=METADATA, scripts=Path(__file__).parent / "migrations")
