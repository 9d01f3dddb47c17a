"""When each department was last heard of, and what it said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import KEY_TEXT

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "presence",
        sa.Column("department", KEY_TEXT, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("skew_ms", sa.BigInteger),
        sa.Column("reported_at", sa.Text),
        sa.Column("report", sa.Text),
    )
