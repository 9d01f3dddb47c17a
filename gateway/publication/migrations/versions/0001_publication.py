"""The versions of the catalogue that were published, and which of them each front-end uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import KEY_TEXT

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "catalogue_versions",
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("content", KEY_TEXT, nullable=False),
        sa.Column("document", sa.LargeBinary),
        sa.Column("files", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("issued_at", sa.Text, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
    )
    op.create_table(
        "catalogue_uses",
        sa.Column("department", KEY_TEXT, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger),
        sa.Column("code", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
    )
