"""A delimited file as batches: its head, its records block by block, its totals. Must never hold more than a block."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import pyarrow as pa

from adapters.contract import Declared, Request
from adapters.formats.charset import utf16_to_utf8
from adapters.formats.content import Content
from adapters.formats.delimited.config import Delimited
from adapters.formats.delimited.heading import Head, charset, read_head, read_totals
from adapters.formats.delimited.layout import Layout
from adapters.formats.delimited.lines import Block, WithoutLast, blocks
from adapters.formats.delimited.quoting import parse_quoted
from adapters.formats.delimited.splitting import parse
from adapters.formats.parsed import Parsed, batches
from adapters.formats.refusal import refusing

_AHEAD = 2


def read(content: Content, config: Delimited, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    """Raises: SourceMalformed, with the line; ConfigInvalid."""
    with refusing(content, request):
        return (yield from _records(content, config, request))


def _records(content: Content, config: Delimited, request: Request) -> Generator[pa.RecordBatch, None, Declared | None]:
    totals = config.totals
    chunks = utf16_to_utf8(content.stream()) if config.encoding == "utf-16" else content.stream()
    lines = blocks(chunks, charset(config).encoding)
    body = WithoutLast(lines) if totals and totals.line == "last" else None
    stream = iter(body) if body is not None else lines
    head = read_head(next(stream, Block(first=1, raw=b"", lines=0)), config, request)
    for parsed in _parsed(head, stream):
        yield from batches(parsed, request)
    if totals is None or body is None:
        return head.declared
    return read_totals(body.line or b"", body.number, totals, config, request)


def _parsed(head: Head, stream: Iterator[Block]) -> Iterator[Parsed]:
    found = (block for block in chain([head.rest], stream) if block.raw)
    if head.layout.quote is not None:
        return parse_quoted(found, head.layout)
    return _ahead(found, head.layout)


def _ahead(found: Iterator[Block], layout: Layout) -> Iterator[Parsed]:
    """In order, up to two blocks ahead: one can be decoded while another is split, which needs no interpreter."""
    under_way: deque[Future[Parsed]] = deque()
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="yizhan-splitting") as pool:
        for block in found:
            under_way.append(pool.submit(parse, block, layout))
            if len(under_way) > _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
