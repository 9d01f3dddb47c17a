"""Arrow's own buffers as numpy views, without a copy of the values.

Owns the knowledge of Arrow's layout (offsets, validity, slices). It must never hand out a view that can be written.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gateway.records.reading import Mask


def spans(text: pa.StringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Start and length in bytes of every cell in `content`; length is 0 for null."""
    offsets = text.buffers()[1]
    if not len(text) or offsets is None:
        return np.zeros(len(text), np.int64), np.zeros(len(text), np.int64)
    at = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return at[:-1], np.diff(at) * np.asarray(text.is_valid())


def content(text: pa.StringArray) -> npt.NDArray[np.uint8]:
    """The bytes of all cells, one after the other, as `spans` addresses them."""
    buffer = text.buffers()[2]
    return np.zeros(0, np.uint8) if buffer is None else np.frombuffer(buffer, np.uint8)


def characters(text: pa.StringArray, rows: Mask, length: int) -> npt.NDArray[np.uint8]:
    """The bytes of the chosen rows, all known to be `length` bytes long: shape (chosen, length)."""
    start, _ = spans(text)
    chosen = start[rows]
    if len(chosen) and (np.diff(chosen) == length).all():  # they lie side by side: no need to gather them
        return content(text)[chosen[0] : chosen[0] + len(chosen) * length].reshape(-1, length)
    return content(text)[chosen[:, None] + np.arange(length)]


def fixed(values: pa.Array, dtype: str) -> npt.NDArray[np.generic]:
    """The values of a fixed-width array as numpy items of `dtype`; what stands at a null is unspecified."""
    item = np.dtype(dtype)
    buffer = values.buffers()[1]
    if buffer is None or not len(values):
        return np.zeros(len(values), item)
    return np.frombuffer(buffer, item, count=len(values), offset=values.offset * item.itemsize)
