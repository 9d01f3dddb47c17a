"""An XML file as batches: its records as they come, then the totals it states about itself."""

from __future__ import annotations

from collections.abc import Generator

import pyarrow as pa

from adapters.contract import Declared, Request
from adapters.formats.content import Content
from adapters.formats.parsed import batches
from adapters.formats.refusal import Unreadable, refusing
from adapters.formats.xml.config import TotalsPlaces, Xml
from adapters.formats.xml.decoding import NotText, as_utf8
from adapters.formats.xml.elements import Rows
from adapters.formats.xml.parsing import Document, NotWellFormed, drained
from adapters.totals import NotExact, count, fen, money_column

_MOST_ROWS = 8192
"""Held as Python's own strings, which take ten times the memory of Arrow's."""


def read(content: Content, config: Xml, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """Raises: SourceMalformed, with the number of the record at which reading stopped; ConfigInvalid."""
    rows = Rows(tuple(column.source or column.name for column in request.columns))
    document, most = Document(config, rows), min(request.batch_rows, _MOST_ROWS)
    with refusing(content, request):
        try:
            for _ in drained(document, as_utf8(content.stream(), config)):
                if len(rows) >= most:
                    yield from batches(rows.drain(), request)
        except (NotText, NotWellFormed) as error:
            raise Unreadable(place=rows.next, zh=error.zh, en=error.en) from None
        yield from batches(rows.drain(), request)
        return _declared(document, config.totals, rows.next, request) if config.totals else None


def _declared(document: Document, totals: TotalsPlaces, place: int, request: Request) -> Declared:
    at = totals.rows
    try:
        rows = count(document.totals.get(at, ""))
        sums = []
        for name, at in sorted(totals.sums.items()):
            sums.append((name, fen(document.totals.get(at, ""), money_column(name, request))))
    except NotExact as wrong:
        raise Unreadable(place=place, zh=f"合计 {at} {wrong.zh}", en=f"the total at {at} {wrong.en}") from None
    return Declared(rows=rows, sums=tuple(sums))
