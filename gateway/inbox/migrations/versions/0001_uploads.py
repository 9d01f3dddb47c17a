"""Uploads, their pieces, and the receipts of centres above."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import KEY_TEXT

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "uploads",
        sa.Column("region", KEY_TEXT, primary_key=True),
        sa.Column("digest", KEY_TEXT, primary_key=True),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("keys", sa.LargeBinary, nullable=False),
        sa.Column("nil", sa.LargeBinary),
        sa.Column("release", sa.LargeBinary),
        sa.Column("order", sa.LargeBinary),
        sa.Column("receipt", sa.LargeBinary),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.Column("refused", sa.Text),
        sa.Column("facts", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("uploads_by_state", "uploads", ["region", "state", "updated_at"])
    op.create_table(
        "upload_receipts",
        sa.Column("region", KEY_TEXT, primary_key=True),
        sa.Column("digest", KEY_TEXT, primary_key=True),
        sa.Column("centre", KEY_TEXT, primary_key=True),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "upload_pieces",
        sa.Column("region", KEY_TEXT, primary_key=True),
        sa.Column("digest", KEY_TEXT, primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
    )
