"""The record of all batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import KEY_TEXT, guard

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make it."""
    batches = op.create_table(
        "batches",
        sa.Column("region", KEY_TEXT, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", KEY_TEXT, nullable=False),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("feed", KEY_TEXT, nullable=False),
        sa.Column("period", KEY_TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("released_by", sa.Text),
        sa.Column("order_number", sa.Text, index=True),
        sa.Column("order_uses", sa.BigInteger),
        sa.Column("sent", sa.Text, nullable=False),
        sa.Column("set_aside", sa.BigInteger, nullable=False),
        sa.Column("landed_at", sa.Text, nullable=False),
        sa.Column("accepted_at", sa.Text, nullable=False),
        sa.Column("counted", sa.Text, nullable=False),
        sa.Column("loaded", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("duplicate", sa.Text, nullable=False),
        sa.Column("added", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("replaced", sa.Text, nullable=False),
        sa.Column("removed", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("superseded", sa.LargeBinary, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("digest", "region"),
        sa.UniqueConstraint("region", "feed", "period", "revision"),
    )
    guard(op.get_bind(), batches)
