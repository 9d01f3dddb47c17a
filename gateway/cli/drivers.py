"""What a command needs beyond the base installation. Decides nothing."""

from __future__ import annotations

import importlib

from gateway.errors import DriverMissing

_WRITER, _EXTRA = "xlsxwriter", "files"


def expect_workbook_writer(command: str) -> None:
    """Raises: DriverMissing: what writes workbooks is not installed."""
    try:
        importlib.import_module(_WRITER)
    except ImportError as error:
        raise DriverMissing(adapter=command, extra=_EXTRA, package=_WRITER) from error
