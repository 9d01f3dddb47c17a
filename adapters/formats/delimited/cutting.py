"""Fields cut by pyarrow's CSV reader, a block at a time, with all its guesses turned off: types, nulls, quotes.

What it does all the same is made up for by those who call: it passes over blank lines, and takes one UTF-8 mark off the
start of what it is given.
"""

from __future__ import annotations

import pyarrow as pa
from pyarrow import csv

from adapters.formats.delimited.layout import Layout

MARK = b"\xef\xbb\xbf"


Bad = list[tuple[int, str]]
"""Records with another number of fields than belong there: place (from 0) and text."""


def cut(
    data: bytes | memoryview, layout: Layout, kind: pa.DataType, wanted: list[str], bad: Bad | None = None
) -> pa.Table:
    """The wanted columns of records that are split at `layout.separator`, as they are: text, or bytes.

    Raises: pa.ArrowInvalid: a record has another number of fields, and there is no `bad` to take it.
    """

    def collect(row: csv.InvalidRow) -> str:
        if bad is not None:
            bad.append((row.number - 1, row.text))
        return "skip"

    return csv.read_csv(
        pa.py_buffer(data),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=layout.names),
        parse_options=csv.ParseOptions(
            delimiter=layout.separator,
            quote_char=layout.quote or False,
            double_quote=layout.quote is not None,
            newlines_in_values=layout.quote is not None,
            invalid_row_handler=None if bad is None else collect,  # which is shown text alone
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, kind),
            include_columns=wanted,
            check_utf8=False,  # text has just been encoded by us
            null_values=[],
            strings_can_be_null=False,
        ),
    )
