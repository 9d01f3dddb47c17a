"""The file's own words about itself: its totals line, its titles, and so the place of each of the feed's columns.

Must never take a title that is only similar, or a total that is not exactly a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from adapters.contract import Declared, Request
from adapters.sftp.config import SftpConfig, TotalsRow
from adapters.sftp.delimited import Layout
from adapters.sftp.lines import Block, LineError
from gateway.errors import ConfigInvalid
from gateway.records.types import Column, FieldType, Unit

_COUNT = re.compile(r"[0-9]{1,12}")
_SUM = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,6})?")
_FEN = {Unit.FEN: Decimal(1), Unit.YUAN: Decimal(100), Unit.WAN_YUAN: Decimal(1_000_000)}


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands above the records: the totals if they stand there, the layout, and the rest of the block."""

    declared: Declared | None
    layout: Layout
    rest: Block


def read_head(block: Block, config: SftpConfig, request: Request) -> Head:
    """Take the lines above the records off the first block.

    Raises:
        LineError: a line is missing or is not what the layout says.
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
    layout = Layout(
        encoding=config.encoding,
        delimiter=config.delimiter,
        width=len(titles),
        picks=_picks(titles, block.first - 1, request),
    )
    return Head(declared=declared, layout=layout, rest=block)


def read_totals(line: bytes, number: int, totals: TotalsRow, config: SftpConfig, request: Request) -> Declared:
    """The totals line as rows and fen. Raises: LineError, ConfigInvalid."""
    fields = _fields(line, number, config)
    if totals.mark is not None and fields[0].strip() != totals.mark:
        raise LineError(line=number, zh="缺少合计行标志", en="the totals line does not have its mark")
    sums = tuple((name, _fen(fields, at, number, _money(name, request))) for name, at in sorted(totals.sums.items()))
    return Declared(rows=int(_exact(fields, totals.rows, number, _COUNT.fullmatch)), sums=sums)


def _pop(block: Block) -> tuple[bytes, Block]:
    if not block.raw:
        raise LineError(line=block.first, zh="文件没有表头行", en="the file ends before its heading lines")
    return block.pop_line()


def _fields(line: bytes, number: int, config: SftpConfig) -> list[str]:
    try:
        return line.decode(config.encoding).split(config.delimiter)
    except UnicodeDecodeError:
        raise LineError(line=number, zh="不是登记的编码", en="it is not in the declared encoding") from None


def _picks(titles: tuple[str, ...], number: int, request: Request) -> tuple[int, ...]:
    for column in request.columns:
        found = titles.count(column.source or column.name)
        if found != 1:
            zh = f"{'缺少' if not found else '重复出现'}列 {column.source or column.name}"
            en = f"the column {column.source or column.name} stands there {found} times"
            raise LineError(line=max(number, 1), zh=zh, en=en)
    return tuple(titles.index(column.source or column.name) for column in request.columns)


def _money(name: str, request: Request) -> Column:
    for column in request.columns:
        if column.name == name and column.type is FieldType.MONEY:
            return column
    problem = {
        "problem_zh": f"totals.sums 的 {name} 不是金额字段",
        "problem_en": f"totals.sums: {name} is no money field",
    }
    raise ConfigInvalid(place=request.feed, **problem)


def _exact(fields: list[str], at: int, number: int, form: Callable[[str], re.Match[str] | None]) -> str:
    text = fields[at - 1].strip() if at <= len(fields) else ""
    if not form(text):
        raise LineError(line=number, zh=f"合计行第{at}栏不是数字", en=f"place {at} of the totals line is no number")
    return text


def _fen(fields: list[str], at: int, number: int, column: Column) -> int:
    fen = Decimal(_exact(fields, at, number, _SUM.fullmatch)) * _FEN[column.unit or Unit.YUAN]
    if fen != fen.to_integral_value():
        raise LineError(
            line=number, zh=f"合计行第{at}栏不足一分", en=f"place {at} of the totals line is finer than a fen"
        )
    return int(fen)
