"""An index on the kind of step: who is late and what was said of it is asked far more often than written."""

from __future__ import annotations

from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Find the steps of one kind, in order, without reading the whole book."""
    op.create_index("ix_ledger_event_seq", "ledger", ["event", "seq"], if_not_exists=True)
