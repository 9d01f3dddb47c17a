"""The ledger and its head."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.database import guard

revision, down_revision = "0001", None

_GENESIS = "0" * 64


def upgrade() -> None:
    """Make both tables; the chain ends at nothing."""
    ledger = op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("batch", sa.Text, index=True),
        sa.Column("feed", sa.Text),
        sa.Column("period", sa.Text),
        sa.Column("revision", sa.Integer),
        sa.Column("digest", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    guard(op.get_bind(), ledger)
    head = op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": _GENESIS}])
