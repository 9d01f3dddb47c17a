"""A file of fixed-width records as batches: its records run by run, then the totals it states about itself."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pyarrow as pa

from adapters.contract import Declared, Request
from adapters.formats.charset import Charset
from adapters.formats.content import Content
from adapters.formats.fixed.config import Fixed, Span, TotalsRecord
from adapters.formats.fixed.cutting import cut, cuts
from adapters.formats.fixed.runs import Apart, Run, ended, unended
from adapters.formats.parsed import batches
from adapters.formats.refusal import Unreadable, refusing
from adapters.totals import NotExact, count, fen, money_column


def read(content: Content, config: Fixed, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """Raises: SourceMalformed: no record has the declared length, or the last one is not whole; ConfigInvalid."""
    with refusing(content, request):
        how, apart = cuts(config, request), Apart()
        for run in _runs(content, config, apart):
            yield from batches(cut(run, how), request)
        if config.totals is None:
            return None
        return _declared(apart, config.totals, how.layout.charset, request)


def _runs(content: Content, config: Fixed, apart: Apart) -> Iterator[Run]:
    totals = config.totals.record if config.totals else None
    if config.line_end == "none":
        return unended(content.stream(), config.encoding, config.record_bytes, totals, apart)
    return ended(content.stream(), config.encoding, config.record_bytes, totals, apart)


def _declared(apart: Apart, totals: TotalsRecord, charset: Charset, request: Request) -> Declared:
    """Raises: Unreadable, ConfigInvalid."""
    record = apart.record or b""
    if totals.mark is not None and not record.startswith(totals.mark.encode(charset.encoding)):
        zh, en = "缺少合计行标志", "the totals record does not begin with its mark"
        raise Unreadable(place=apart.number, zh=zh, en=en)
    at = totals.rows
    try:
        rows = count(_text(record, at, charset))
        sums = []
        for name, at in sorted(totals.sums.items()):
            sums.append((name, fen(_text(record, at, charset), money_column(name, request))))
    except NotExact as wrong:
        zh, en = f"合计记录第{at.start}字节起{wrong.zh}", f"byte {at.start} and on of the totals record {wrong.en}"
        raise Unreadable(place=apart.number, zh=zh, en=en) from None
    return Declared(rows=rows, sums=tuple(sums))


def _text(record: bytes, span: Span, charset: Charset) -> str:
    raw = record[span.start - 1 : span.start - 1 + span.length]
    try:
        return charset.text(raw).strip()
    except UnicodeDecodeError:
        raise NotExact("不是数字", "is no number") from None
