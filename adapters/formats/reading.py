"""Which reader belongs to which `format:` block; each is imported only when a file of its kind is read."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping

import pyarrow as pa

from adapters.contract import Declared, Request, expect_drivers
from adapters.formats.config import FileFormat
from adapters.formats.content import Content

READERS: Mapping[str, str] = {
    "dbf": "adapters.formats.dbf.reading",
    "delimited": "adapters.formats.delimited.reading",
    "fixed": "adapters.formats.fixed.reading",
    "sheet": "adapters.formats.sheet.reading",
    "xml": "adapters.formats.xml.reading",
}
"""By `kind`: the module whose `read(content, layout, request)` does what `records` promises."""


def records(content: Content, layout: FileFormat, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """The file's records in the contract's shape; the generator's return value is what the file declares of itself.

    A position is the place in this file: the line, the sheet's own row number, the number of the element or record.

    Raises:
        SourceMalformed: the file as a whole cannot be read exactly; `where` is `<name>:<place>`.
        LimitExceeded, DriverMissing, ConfigInvalid; and what the content's transport raises.
    """
    expect_drivers(layout)
    return importlib.import_module(READERS[layout.kind]).read(content, layout, request)
