"""The tables of published catalogues, in the centre's database, the same for all receivers of the centre."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

from gateway.database import KEY_TEXT, Schema

METADATA = MetaData()

VERSIONS = Table(
    "catalogue_versions",
    METADATA,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("content", KEY_TEXT, nullable=False),  # SHA-256 of the paper, hex
    Column("document", LargeBinary),  # catalogue.p7s; of the newest versions alone
    Column("files", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes of the paper
    Column("issued_at", Text, nullable=False),  # ISO 8601 with its offset, by the centre's clock, as in the ledger
    Column("issued_by", Text, nullable=False),
    Column("note", Text),
)

USES = Table(
    "catalogue_uses",  # what each department's front-end said when it asked last
    METADATA,
    Column("department", KEY_TEXT, primary_key=True),
    Column("version", BigInteger, nullable=False),  # in force there; 0: its own
    Column("refused", BigInteger),
    Column("code", Text),  # why
    Column("at", Text, nullable=False),
)

SCHEMA = Schema(name="publication", head="0001", metadata=METADATA, scripts=Path(__file__).parent / "migrations")
