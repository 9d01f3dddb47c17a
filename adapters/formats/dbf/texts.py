"""A character column of fixed width as text: its padding gone, its bytes decoded, without a Python loop per row.

Must never replace a byte. No trailing byte of a character is a space or a NUL, so padding is cut before decoding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adapters.formats.charset import Charset

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
_SPACE, _NUL, _ASCII = 32, 0, 128
_SEPARATORS = (10, 30, 31, 29, 28, 1, 2)  # none of them is part of a character in GB18030 or UTF-8


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Attributes:
    values: utf8; null where nothing but padding stands, or where `torn`.
    torn: bytes that are no character, a name cut in mid-character above all.
    """

    values: pa.Array
    torn: Mask


def decode(cells: Bytes, charset: Charset) -> Decoded:
    """One column: a row of bytes for each record."""
    lengths = _lengths(cells)
    inside = np.arange(cells.shape[1]) < lengths[:, None]
    held = cells[inside]
    if not len(held) or held.max() < _ASCII:
        return Decoded(values=_values(held, lengths), torn=np.zeros(len(cells), np.bool_))
    separator = next((byte for byte in _SEPARATORS if not (held == byte).any()), None)
    if separator is not None and (found := _together(cells, inside, lengths, separator, charset)) is not None:
        return Decoded(values=found, torn=np.zeros(len(cells), np.bool_))
    return _one_by_one(held, lengths, charset)


def ascii_text(cells: Bytes) -> pa.Array:
    """A column of digits and signs without the padding on either side; null where nothing is left."""
    padding = (cells == _SPACE) | (cells == _NUL)
    width = cells.shape[1]
    first = np.where(padding.all(axis=1), width, np.argmin(padding, axis=1))
    last = _lengths(cells)
    columns = np.arange(width)
    inside = (columns >= first[:, None]) & (columns < last[:, None])
    safe = np.where(cells < _ASCII, cells, ord("?"))  # no digit: the checks refuse it as they would the byte
    return _values(safe[inside], np.maximum(last - first, 0))


def _lengths(cells: Bytes) -> npt.NDArray[np.int64]:
    """How many bytes stand before the padding of each row."""
    held = (cells != _SPACE) & (cells != _NUL)
    return np.where(held.any(axis=1), cells.shape[1] - np.argmax(held[:, ::-1], axis=1), 0)


def _together(
    cells: Bytes, inside: Mask, lengths: npt.NDArray[np.int64], separator: int, charset: Charset
) -> pa.Array | None:
    """The whole column decoded at once with a separator behind each row; None where a byte is no character."""
    rows, width = cells.shape
    apart = np.full((rows, width + 1), separator, np.uint8)
    apart[:, :width] = cells
    kept = np.ones((rows, width + 1), np.bool_)
    kept[:, :width] = inside
    try:
        raw = np.frombuffer(charset.utf8(apart[kept].tobytes()), np.uint8)
    except UnicodeDecodeError:
        return None
    cut = raw == separator
    ends = np.flatnonzero(cut) - np.arange(rows)
    return _values(raw[~cut], np.diff(ends, prepend=0))


def _one_by_one(held: Bytes, lengths: npt.NDArray[np.int64], charset: Charset) -> Decoded:
    """Only where the column holds a byte that is no character, or every separator."""
    data = held.tobytes()
    ends = np.cumsum(lengths).tolist()
    texts = [_text(data[end - length : end], charset) for end, length in zip(ends, lengths.tolist(), strict=True)]
    torn = np.array([text is None for text in texts], np.bool_)
    return Decoded(values=pa.array([text or None for text in texts], pa.utf8()), torn=torn)


def _text(raw: bytes, charset: Charset) -> str | None:
    try:
        return charset.text(raw)
    except UnicodeDecodeError:
        return None


def _values(held: Bytes, lengths: npt.NDArray[np.int64]) -> pa.Array:
    """Texts end to end; an empty one is null, because a table of fixed width cannot hold an empty text."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    blank = lengths == 0
    valid = pa.py_buffer(np.packbits(~blank, bitorder="little")) if blank.any() else None
    data = pa.py_buffer(np.ascontiguousarray(held))
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets), data, valid, int(blank.sum()))
