"""GB18030 split before it is decoded, where that gives what decoding first would give: most columns hold ASCII alone.

A delimiter's byte can be the second of a character. Which ones are is told by the bytes before them: characters of two
bytes begin with a high byte, so behind an odd run of high bytes stands the second half of a character. These are hidden
from the reader and put back before their column is decoded, strictly. Whatever this should get wrong leaves half a
character at the end of some field, which cannot be decoded: then, as with anything else that is not plain, the answer
is None and the block is decoded first. Must never decide what is wrong with a record.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.formats.charset import Charset
from adapters.formats.delimited.cutting import MARK, cut
from adapters.formats.delimited.layout import UNIT, Layout

_LEAD, _HIDDEN, _FEED = 0x81, 0xFF, 0x0A
_LONGEST_RUN = 4_096
Bytes = npt.NDArray[np.uint8]


def table(raw: bytes, lines: int, layout: Layout) -> pa.Table | None:
    """All columns as text, a row for each of the lines; None where only decoding first can tell."""
    if not _plain(raw, layout):
        return None
    first = ord(layout.delimiter[0])
    hidden = _hide(np.frombuffer(raw, np.uint8), first)
    if hidden is None:
        return None
    try:
        found = cut(_separated(hidden, layout), layout, pa.binary(), layout.names)
        columns = [_decoded(_one(column), first, layout.charset) for column in found.columns]
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return pa.table(columns, layout.names) if found.num_rows == lines else None


def _plain(raw: bytes, layout: Layout) -> bool:
    """A digit is the second and fourth byte of long characters; 0xFF is in none, and is what we hide with."""
    delimiter = layout.delimiter
    if layout.charset.encoding != "gb18030" or layout.quote or not delimiter.isascii() or delimiter[0].isdigit():
        return False
    strange = (b"\r", bytes([_HIDDEN]), *([UNIT.encode()] if layout.replaces else ()))
    return bool(raw) and not any(byte in raw for byte in strange) and not raw.startswith(MARK)


def _separated(hidden: Bytes, layout: Layout) -> bytes | memoryview:
    """Only the first byte of a delimiter can be half of a character: the others stand behind it."""
    if not layout.replaces:
        return hidden.data
    return hidden.tobytes().replace(layout.delimiter.encode(), UNIT.encode())


def _hide(raw: Bytes, delimiter: int) -> Bytes | None:
    """The same length, with each character `lead, delimiter` written as `0xFF, lead`. None: too long a run to tell."""
    if not 0x40 <= delimiter <= 0x7E:
        return raw
    at = np.flatnonzero((raw[1:] == delimiter) & (raw[:-1] >= _LEAD)) + 1
    odd = _behind_odd_runs(raw, at)
    if odd is None:
        return None
    seconds = at[odd]
    if not len(seconds):
        return raw
    hidden = raw.copy()
    hidden[seconds] = raw[seconds - 1]
    hidden[seconds - 1] = _HIDDEN
    return hidden


def _behind_odd_runs(raw: Bytes, at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_] | None:
    odd = np.zeros(len(at), np.bool_)
    alive = np.arange(len(at))
    for back in range(1, _LONGEST_RUN):
        if not len(alive):
            return odd
        places = at[alive] - back
        alive = alive[(places >= 0) & (raw[places] >= _LEAD)]
        odd[alive] ^= True
    return None


def _one(column: pa.ChunkedArray) -> pa.BinaryArray:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _decoded(column: pa.BinaryArray, delimiter: int, charset: Charset) -> pa.StringArray:
    """Raises: UnicodeDecodeError: some field is no text."""
    _, offsets, data = column.buffers()
    if column.offset == 0 and data is not None and np.frombuffer(data, np.uint8).max(initial=0) < 0x80:
        return pa.StringArray.from_buffers(len(column), offsets, data)
    whole = pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column)
    joined = np.frombuffer(pc.binary_join(whole, b"\n")[0].as_buffer(), np.uint8)
    text = np.frombuffer(charset.utf8(_shown(joined, delimiter) + b"\n"), np.uint8)
    ends = np.flatnonzero(text == _FEED)
    starts = np.zeros(len(ends) + 1, np.int32)
    starts[1:] = ends - np.arange(len(ends))
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(starts), pa.py_buffer(text[text != _FEED]))


def _shown(joined: Bytes, delimiter: int) -> bytes:
    """What was hidden is put back."""
    at = np.flatnonzero(joined == _HIDDEN)
    if not len(at):
        return joined.tobytes()
    shown = joined.copy()
    shown[at] = joined[at + 1]
    shown[at + 1] = delimiter
    return shown.tobytes()
