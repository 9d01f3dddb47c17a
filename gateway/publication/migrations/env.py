"""Alembic's entry to the migrations of this room; see gateway.database.migrating."""

from alembic import context

from gateway.database.migrating import run

run(context)
