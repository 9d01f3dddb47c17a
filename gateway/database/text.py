"""How text is compared: by its bytes, on both products."""

from __future__ import annotations

from sqlalchemy import Text

# SQLite compares bytes as it is; PostgreSQL would ask the locale it was made with, which another server may not have
KEY_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""The type of text that stands in a key, or that is sorted or compared by size."""
