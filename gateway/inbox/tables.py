"""Tables of the shared inbox: how far each upload is, what answered it, and which objects its payload lies in.

They lie in the warehouse's database, where every receiver of the centre sees the same. The region stands in every key
and no foreign key joins them, so that a distributed database can take them as they are.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, MetaData, Table, Text

from gateway.database import KEY_TEXT, Schema

METADATA = MetaData()

UPLOADS = Table(
    "uploads",
    METADATA,
    Column("region", KEY_TEXT, primary_key=True),
    Column("digest", KEY_TEXT, primary_key=True),
    Column("name", KEY_TEXT, nullable=False),  # an EntryName
    Column("manifest", LargeBinary, nullable=False),
    Column("keys", LargeBinary, nullable=False),
    Column("nil", LargeBinary),
    Column("release", LargeBinary),
    Column("order", LargeBinary),
    Column("receipt", LargeBinary),
    Column("size", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("state", KEY_TEXT, nullable=False),
    Column("refused", Text),  # the code
    Column("facts", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False),  # by the database's clock: receivers have many
)
Index("uploads_by_state", UPLOADS.c.region, UPLOADS.c.state, UPLOADS.c.updated_at)

RECEIPTS = Table(
    "upload_receipts",  # of the centres above, beside the one a batch was settled with
    METADATA,
    Column("region", KEY_TEXT, primary_key=True),
    Column("digest", KEY_TEXT, primary_key=True),
    Column("centre", KEY_TEXT, primary_key=True),
    Column("receipt", LargeBinary, nullable=False),
)

PIECES = Table(
    "upload_pieces",
    METADATA,
    Column("region", KEY_TEXT, primary_key=True),
    Column("digest", KEY_TEXT, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("length", BigInteger, nullable=False),
    Column("object", Text, nullable=False),
)

SCHEMA = Schema(name="inbox", head="0001", metadata=METADATA, scripts=Path(__file__).parent / "migrations")
