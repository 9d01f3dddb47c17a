"""What front-ends were told to do, under which request, and what they said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import KEY_TEXT

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "instructions",
        sa.Column("number", KEY_TEXT, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("department", KEY_TEXT, nullable=False),
        sa.Column("feed", KEY_TEXT, nullable=False),
        sa.Column("period", KEY_TEXT, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("paper", sa.LargeBinary),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("done", sa.BigInteger),
        sa.Column("total", sa.BigInteger),
        sa.Column("code", sa.Text),
        sa.Column("advice", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.Text),
        sa.Column("reported_at", sa.Text),
        sa.Column("ended_at", sa.Text),
    )
    op.create_index("ix_instructions_open", "instructions", ["state", "department", "position"])
    op.create_index("ix_instructions_about", "instructions", ["feed", "period", "position"])
    op.create_index("ix_instructions_position", "instructions", ["position"])
    op.create_table(
        "instruction_requests",
        sa.Column("request", KEY_TEXT, primary_key=True),
        sa.Column("number", KEY_TEXT, nullable=False),
        sa.Column("wanted", KEY_TEXT, nullable=False),
    )
    op.create_table(
        "instruction_lines",
        sa.Column("number", KEY_TEXT, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
    )
