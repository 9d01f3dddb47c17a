"""Records of a fixed number of bytes to Arrow columns, without a Python loop per row.

A separator is put between the fields of all records at once, and the rest is done as for delimited text: a character
that an edge cuts in half is then no character at all, because no second half is a separator; since the bytes between
the fields are decoded too, a field that begins in the middle of a character is never taken for a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Fault, Request
from adapters.formats.charset import Charset
from adapters.formats.delimited.layout import UNIT, Layout
from adapters.formats.delimited.splitting import Records, split
from adapters.formats.fixed.config import Fixed
from adapters.formats.fixed.runs import Matrix, Run
from adapters.formats.parsed import Numbers, Parsed
from adapters.formats.refusal import Unreadable

_FEED = 10
_FOREIGN = np.array([_FEED, 13, ord(UNIT)], np.uint8)
_PADDING = {"space": " ", "wide_space": "　", "nul": "\0"}
_TRIMS = {"both": pc.utf8_trim, "left": pc.utf8_ltrim, "right": pc.utf8_rtrim}


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Where records are cut.

    Attributes:
        edges: of all fields and of the gaps between them, from 0 to the record's length.
        trims: for each of the feed's columns, on which side its padding is taken off.
    """

    edges: tuple[int, ...]
    layout: Layout
    trims: tuple[str, ...]
    padding: str


def cuts(config: Fixed, request: Request) -> Cuts:
    """Raises: Unreadable: a column of the feed is no field of the layout."""
    spans = list(config.spans())
    edges = sorted({0, config.record_bytes, *(at for _, *ends in spans for at in ends)})
    places = {field.name: (edges.index(start), field.trim or config.trim) for field, start, _ in spans}
    missing = next((c for c in request.columns if (c.source or c.name) not in places), None)
    if missing is not None:
        name = missing.source or missing.name
        raise Unreadable(place=1, zh=f"fields 缺少 {name}", en=f"the layout has no field {name}")
    wanted = [places[column.source or column.name] for column in request.columns]
    layout = Layout(
        charset=Charset(encoding=config.encoding, private_use=config.private_use),
        delimiter=UNIT,
        titles=_titles(places, len(edges) - 1),
        picks=tuple(place for place, _ in wanted),
        skip=config.skip,
    )
    trims = tuple(trim for _, trim in wanted)
    return Cuts(edges=tuple(edges), layout=layout, trims=trims, padding="".join(_PADDING[p] for p in config.padding))


def cut(run: Run, how: Cuts) -> Parsed:
    """The run's records as columns, and what is none."""
    records, numbers = run.records, run.numbers
    torn = np.isin(records, _FOREIGN).any(axis=1)
    faulty = [*run.faulty, *((int(number), Fault.LAYOUT) for number in numbers[torn])]
    if torn.any():
        records, numbers = records[~torn], numbers[~torn]
    decoded = _decoded(_separated(records, how.edges), numbers, how.layout.charset)
    found = split(decoded, how.layout)
    columns = [_trimmed(column, trim, how.padding) for column, trim in zip(found.columns, how.trims, strict=True)]
    return Parsed(lines=found.lines, columns=columns, faulty=sorted(faulty + found.faulty))


def _titles(places: dict[str, tuple[int, str]], width: int) -> tuple[str, ...]:
    names = {at: name for name, (at, _) in places.items()}
    return tuple(names.get(at, "") for at in range(width))


def _separated(records: Matrix, edges: tuple[int, ...]) -> Matrix:
    """The same with a separator at each inner edge and a line feed at the end."""
    parts = len(edges) - 1
    apart = np.full((len(records), edges[-1] + parts), ord(UNIT), np.uint8)
    for part, (start, end) in enumerate(pairwise(edges)):
        apart[:, start + part : end + part] = records[:, start:end]
    apart[:, -1] = _FEED
    return apart


def _decoded(apart: Matrix, numbers: Numbers, charset: Charset) -> Records:
    try:
        return Records(data=charset.utf8(apart.tobytes()), numbers=numbers)
    except UnicodeDecodeError:
        kept: list[bytes] = []
        sound = np.ones(len(numbers), np.bool_)
        for at, record in enumerate(apart):
            try:
                kept.append(charset.utf8(record.tobytes()))
            except UnicodeDecodeError:
                sound[at] = False
        faulty = [(int(number), Fault.ENCODING) for number in numbers[~sound]]
        return Records(data=b"".join(kept), numbers=numbers[sound], faulty=faulty)


def _trimmed(column: pa.Array, trim: str, padding: str) -> pa.Array:
    return column if trim == "none" or not padding else _TRIMS[trim](column, characters=padding)
