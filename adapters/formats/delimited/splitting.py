"""Blocks of delimited records to Arrow columns, without a Python loop per row.

Owns decoding and splitting. Decodes first and splits second, because 116 characters of GBK end with the byte of `|`,
but for blocks that `undecoded` can split before with the same result. Must never repair a character or drop a line that
is not blank.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Fault
from adapters.formats.delimited import undecoded
from adapters.formats.delimited.cutting import MARK, Bad, cut
from adapters.formats.delimited.layout import UNIT, Layout
from adapters.formats.delimited.lines import Block
from adapters.formats.parsed import Numbers, Parsed
from adapters.formats.summary import is_summary, summaries


@dataclass(frozen=True, kw_only=True)
class Records:
    """Whole records in UTF-8, split at `Layout.separator`, each ended by a line feed; and the lines that are none.

    Attributes:
        numbers: of each record, the line it begins at.
    """

    data: bytes
    numbers: Numbers
    faulty: list[tuple[int, Fault]] = field(default_factory=list)


def parse(block: Block, layout: Layout) -> Parsed:
    """Every line that is not blank is either a row of `columns` or one of `faulty` (or declared to be skipped)."""
    table = undecoded.table(_with_feeds(block), block.lines, layout)
    if table is not None:
        return _parsed(table, _numbers(block), [], layout)
    return split(decode(block, layout), layout)


def _with_feeds(block: Block) -> bytes:
    """Every line end as a line feed alone."""
    return block.raw.replace(b"\r\n", b"\n") if b"\r" in block.raw else block.raw


def _numbers(block: Block) -> Numbers:
    return np.arange(block.first, block.first + block.lines, dtype=np.int64)


def decode(block: Block, layout: Layout) -> Records:
    """One record a line."""
    raw, numbers = _with_feeds(block), _numbers(block)
    try:
        data = layout.charset.utf8(raw)
    except UnicodeDecodeError:
        return _line_by_line(raw, numbers, layout)
    if b"\r" in raw or not _separable(data, layout):
        return _line_by_line(raw, numbers, layout)
    return Records(data=separated(data, layout), numbers=numbers)


def separated(data: bytes, layout: Layout) -> bytes:
    """The delimiter in one byte."""
    return data.replace(layout.delimiter.encode(), UNIT.encode()) if layout.replaces else data


def _separable(data: bytes, layout: Layout) -> bool:
    return not layout.replaces or UNIT.encode() not in data


def _line_by_line(raw: bytes, numbers: Numbers, layout: Layout) -> Records:
    """The same for a block in which not every line is a record."""
    kept: list[bytes] = []
    places: list[int] = []
    faulty: list[tuple[int, Fault]] = []
    for number, line in zip(numbers.tolist(), raw.removesuffix(b"\n").split(b"\n"), strict=True):
        try:
            data = layout.charset.utf8(line)
        except UnicodeDecodeError:
            faulty.append((number, Fault.ENCODING))
            continue
        if b"\r" in data or not _separable(data, layout):
            faulty.append((number, Fault.LAYOUT))
        elif data:
            kept.append(separated(data, layout) + b"\n")
            places.append(number)
    return Records(data=b"".join(kept), numbers=np.array(places, np.int64), faulty=faulty)


def split(records: Records, layout: Layout) -> Parsed:
    """Records to columns. A record with another number of fields, a total or the titles again is a fault."""
    bad: Bad = []
    table = _table(records.data, layout, bad)
    if table.num_rows + len(bad) != len(records.numbers):  # the reader passes over blank lines
        return split(_without_blank(records), layout)
    faulty = list(records.faulty)
    lines = records.numbers
    if bad:
        lines = np.delete(lines, [at for at, _ in bad])
        _judge([(int(records.numbers[at]), text) for at, text in bad], layout, faulty)
    return _parsed(table, lines, faulty, layout)


def _parsed(table: pa.Table, lines: Numbers, faulty: list[tuple[int, Fault]], layout: Layout) -> Parsed:
    """The records among the rows."""
    strangers = _strangers(table, layout, lines, faulty)
    if len(strangers):
        keep = np.setdiff1d(np.arange(table.num_rows), strangers)
        table, lines = table.take(keep), lines[keep]
    columns = [_whole(table.column(str(pick))) for pick in layout.picks]
    return Parsed(lines=lines, columns=columns, faulty=sorted(faulty))


def _without_blank(records: Records) -> Records:
    """Of records that are a line each: there are no blank ones among those with quotes."""
    lines = records.data.removesuffix(b"\n").split(b"\n")
    data = b"".join(line + b"\n" for line in lines if line)
    numbers = records.numbers[np.array([line != b"" for line in lines], np.bool_)]
    return Records(data=data, numbers=numbers, faulty=records.faulty)


def _table(data: bytes, layout: Layout, bad: Bad) -> pa.Table:
    if not data:
        return pa.table({name: pa.array([], pa.utf8()) for name in layout.names})
    data = MARK + data if data.startswith(MARK) else data  # the reader takes one mark off, here text
    return cut(data, layout, pa.utf8(), _wanted(layout), bad)


def _wanted(layout: Layout) -> list[str]:
    """The picked fields, the first one (totals and titles are known by it) and what follows the last delimiter."""
    ends = [len(layout.titles)] if layout.line_end == "delimiter" else []
    return [str(at) for at in sorted({0, *layout.picks, *ends})]


def _judge(bad: Bad, layout: Layout, faulty: list[tuple[int, Fault]]) -> None:
    for number, text in bad:
        if not is_summary(text.partition(layout.separator)[0].strip(layout.quote or "")):
            faulty.append((number, Fault.LAYOUT))
        elif "summaries" not in layout.skip:
            faulty.append((number, Fault.SUMMARY))


def _strangers(table: pa.Table, layout: Layout, lines: Numbers, faulty: list[tuple[int, Fault]]) -> Numbers:
    """Rows with the right number of fields that are no record."""
    totals = summaries(_whole(table.column("0")))
    titles = _titles_again(table, layout)
    torn = _after_last_delimiter(table, layout)
    if "summaries" not in layout.skip:
        faulty += [(int(lines[at]), Fault.SUMMARY) for at in totals]
    if "titles" not in layout.skip:
        faulty += [(int(lines[at]), Fault.LAYOUT) for at in titles]
    torn = np.setdiff1d(torn, np.concatenate([totals, titles]))
    faulty += [(int(lines[at]), Fault.LAYOUT) for at in torn]
    return np.concatenate([totals, titles, torn])


def _titles_again(table: pa.Table, layout: Layout) -> Numbers:
    """Rows in which every column that was read holds its own title."""
    named = [(name, layout.titles[int(name)]) for name in table.column_names if int(name) < len(layout.titles)]
    named = [(name, title) for name, title in named if title]
    found = np.arange(table.num_rows if named else 0, dtype=np.int64)
    for name, title in named:
        column = _whole(table.column(name))
        column = column if len(found) == table.num_rows else column.take(found)
        likely = pc.indices_nonzero(pc.match_substring(column, title))
        same = pc.equal(pc.utf8_trim_whitespace(column.take(likely)), title)
        found = found[likely.filter(same).to_numpy()]
        if not len(found):
            break
    return found


def _after_last_delimiter(table: pa.Table, layout: Layout) -> Numbers:
    if layout.line_end != "delimiter":
        return np.array([], np.int64)
    rest = _whole(table.column(str(len(layout.titles))))
    return pc.indices_nonzero(pc.not_equal(rest, "")).to_numpy().astype(np.int64)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
