"""The file's own words about itself: its totals line, its titles, and so the place of each of the feed's columns.

Must never take a title that is only similar, or a total that is not exactly a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.contract import Declared, Request
from adapters.formats.charset import Charset
from adapters.formats.delimited.config import Delimited, TotalsRow
from adapters.formats.delimited.layout import Layout
from adapters.formats.delimited.lines import Block
from adapters.formats.delimited.quoting import cells
from adapters.formats.refusal import Unreadable
from adapters.totals import NotExact, count, fen, money_column


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands above the records: the totals if they stand there, the layout, and the rest of the block."""

    declared: Declared | None
    layout: Layout
    rest: Block


def read_head(block: Block, config: Delimited, request: Request) -> Head:
    """Take the lines above the records off the first block.

    Raises:
        Unreadable: a line is missing or is not what the layout says.
        ConfigInvalid: the layout names a field or a column that is not there.
    """
    declared = None
    if config.totals and config.totals.line == "first":
        line, block = _pop(block)
        declared = read_totals(line, block.first - 1, config.totals, config, request)
    if config.columns is not None:
        titles = config.columns
    else:
        line, block = _pop(block)
        titles = tuple(title.strip() for title in _fields(line, block.first - 1, config))
        titles = titles[:-1] if config.line_end == "delimiter" and titles[-1] == "" else titles
    picks = _picks(titles, block.first - 1, request)
    return Head(declared=declared, layout=replace(_layout(config), titles=titles, picks=picks), rest=block)


def read_totals(line: bytes, number: int, totals: TotalsRow, config: Delimited, request: Request) -> Declared:
    """The totals line as rows and fen. Raises: Unreadable, ConfigInvalid."""
    fields = _fields(line, number, config)
    if totals.mark is not None and fields[0].strip() != totals.mark:
        raise Unreadable(place=number, zh="缺少合计行标志", en="the totals line does not have its mark")
    at = totals.rows
    try:
        rows = count(_place(fields, at))
        sums = []
        for name, at in sorted(totals.sums.items()):
            sums.append((name, fen(_place(fields, at), money_column(name, request))))
    except NotExact as wrong:
        zh, en = f"合计行第{at}栏{wrong.zh}", f"place {at} of the totals line {wrong.en}"
        raise Unreadable(place=number, zh=zh, en=en) from None
    return Declared(rows=rows, sums=tuple(sums))


def charset(config: Delimited) -> Charset:
    """How the lines are read; a utf-16 file has become utf-8 before it is cut into lines."""
    encoding = "gb18030" if config.encoding == "gb18030" else "utf-8"
    return Charset(encoding=encoding, private_use=config.private_use)


def _layout(config: Delimited) -> Layout:
    return Layout(
        charset=charset(config),
        delimiter=config.delimiter,
        titles=(),
        picks=(),
        quote=config.quote,
        line_end=config.line_end,
        skip=config.skip,
    )


def _pop(block: Block) -> tuple[bytes, Block]:
    if not block.raw:
        raise Unreadable(place=block.first, zh="文件没有表头行", en="the file ends before its heading lines")
    return block.pop_line()


def _fields(line: bytes, number: int, config: Delimited) -> list[str]:
    layout = _layout(config)
    try:
        text = layout.charset.text(line)
    except UnicodeDecodeError:
        raise Unreadable(place=number, zh="不是登记的编码", en="it is not in the declared encoding") from None
    found = cells(text, layout) if config.quote else text.split(config.delimiter)
    if found is None:
        raise Unreadable(place=number, zh="引号不成对", en="its quotes do not pair up")
    return found


def _picks(titles: tuple[str, ...], number: int, request: Request) -> tuple[int, ...]:
    for column in request.columns:
        found = titles.count(column.source or column.name)
        if found != 1:
            zh = f"{'缺少' if not found else '重复出现'}列 {column.source or column.name}"
            en = f"the column {column.source or column.name} stands there {found} times"
            raise Unreadable(place=max(number, 1), zh=zh, en=en)
    return tuple(titles.index(column.source or column.name) for column in request.columns)


def _place(fields: list[str], at: int) -> str:
    return fields[at - 1].strip() if at <= len(fields) else ""
