"""Blocks of delimited lines to Arrow columns, without a Python loop per row.

Owns decoding and splitting. Decodes first and splits second: 116 characters of GBK end with the byte of `|`.
Must never guess an encoding, repair a character, or drop a line that is not blank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adapters.contract import Fault
from adapters.sftp.lines import Block

_FEED, _RETURN, _UNIT = 10, 13, 31
Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a line is read.

    Attributes:
        width: the number of fields that every record has.
        picks: for each of the feed's columns, in order, which field of the line it is (from 0).
    """

    encoding: str
    delimiter: str
    width: int
    picks: tuple[int, ...]

    @property
    def separator(self) -> int:
        """The byte that stands for the delimiter while splitting: itself, or a unit separator for a longer one."""
        return ord(self.delimiter) if len(self.delimiter) == 1 and self.delimiter.isascii() else _UNIT


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Columns of the records that could be read, and the lines of those that could not."""

    lines: Numbers
    columns: list[pa.Array]
    faulty: list[tuple[int, Fault]]


def parse(block: Block, layout: Layout) -> Parsed:
    """Every line that is not blank is either a row of `columns` or one of `faulty`."""
    text, lines, faulty = _decode(block, layout.encoding)
    raw = np.frombuffer(text.encode(), np.uint8)
    torn = _lines_with(raw, _RETURN)
    if layout.separator == _UNIT:
        torn |= _lines_with(raw, _UNIT)
        raw = np.frombuffer(text.replace(layout.delimiter, chr(_UNIT)).encode(), np.uint8)
    good, blank = _regular(raw, layout)
    good &= ~torn
    if not good.all():
        faulty += [(int(n), Fault.LAYOUT) for n in lines[~good & ~blank]]
        raw, lines = _keep(raw, good), lines[good]
    return Parsed(lines=lines, columns=_columns(raw, layout), faulty=sorted(faulty))


def _decode(block: Block, encoding: str) -> tuple[str, Numbers, list[tuple[int, Fault]]]:
    """The text of all lines that are text, the numbers of those lines, and the lines that are not."""
    numbers = np.arange(block.first, block.first + block.raw.count(b"\n"), dtype=np.int64)
    raw = block.raw.replace(b"\r\n", b"\n")  # neither byte is ever part of a character in these encodings
    try:
        return raw.decode(encoding), numbers, []
    except UnicodeDecodeError:
        texts = [_text_or_none(line, encoding) for line in raw.removesuffix(b"\n").split(b"\n")]
    kept = np.array([text is not None for text in texts], np.bool_)
    text = "".join(f"{text}\n" for text in texts if text is not None)
    return text, numbers[kept], [(int(n), Fault.ENCODING) for n in numbers[~kept]]


def _text_or_none(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _ends(raw: Bytes) -> Numbers:
    return np.flatnonzero(raw == _FEED)


def _lines_with(raw: Bytes, byte: int) -> npt.NDArray[np.bool_]:
    """For each line, whether the byte stands in it."""
    ends = _ends(raw)
    found = np.zeros(len(ends), np.bool_)
    found[np.searchsorted(ends, np.flatnonzero(raw == byte))] = True
    return found


def _regular(raw: Bytes, layout: Layout) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """For each line, whether it has the declared number of fields, and whether it is blank."""
    ends = _ends(raw)
    upto = np.searchsorted(np.flatnonzero(raw == layout.separator), ends)
    blank = np.diff(ends, prepend=-1) == 1
    return (np.diff(upto, prepend=0) == layout.width - 1) & ~blank, blank


def _keep(raw: Bytes, lines: npt.NDArray[np.bool_]) -> Bytes:
    return raw[np.repeat(lines, np.diff(_ends(raw), prepend=-1))]


def _columns(raw: Bytes, layout: Layout) -> list[pa.Array]:
    """Regular lines only: all fields end to end as one Arrow array (no copy a field), then each column of it."""
    cut = (raw == _FEED) | (raw == layout.separator)
    ends = np.flatnonzero(cut)
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    fields = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(raw[~cut]))
    starts = np.arange(0, len(ends), layout.width)
    return [fields.take(pa.array(starts + pick)) for pick in layout.picks]
