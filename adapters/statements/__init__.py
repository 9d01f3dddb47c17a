"""One SELECT with named binds, as a catalogue may hold it: read and judged before any database sees it.

For adapters of databases; knows no driver.
"""

from __future__ import annotations

from adapters.contract import config_error
from adapters.statements.binds import NAMES, BindError, Statement

__all__ = ["NAMES", "BindError", "Statement", "expect_statements"]


def expect_statements(*written: str | None) -> None:
    """For a configuration's validator: each that is written can be sent as it stands. Raises: PydanticCustomError."""
    for sql in filter(None, written):
        try:
            Statement.parse(sql)
        except BindError as error:
            raise config_error("sql", error.zh, error.en) from None
