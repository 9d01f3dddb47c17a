"""One SELECT with named binds, as a catalogue may hold it: read and judged before any database sees it.

For adapters of databases; knows no driver.
"""

from __future__ import annotations

from adapters.statements.binds import NAMES, BindError, Statement

__all__ = ["NAMES", "BindError", "Statement"]
