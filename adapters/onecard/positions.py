"""Positions of many rows in few bytes: what stands before the last number once, and the number.

"returns a.zip/b.txt:1234567" costs eight bytes. Must give back exactly what it was given.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.onecard.growing import Growing

_PARTS = r"^(?P<head>.*?)(?P<number>0|[1-9][0-9]{0,8})$"
_NO_NUMBER = -1


class Positions:
    """Takes positions in order; gives back any of them."""

    def __init__(self) -> None:
        self._heads: dict[str, int] = {}
        self._head: Growing[np.int32] = Growing(np.int32)
        self._number: Growing[np.int32] = Growing(np.int32)

    def add(self, texts: pa.Array) -> None:
        parts = pc.extract_regex(texts, _PARTS)
        heads = pc.if_else(parts.is_valid(), parts.field("head"), texts).dictionary_encode()
        known = [self._heads.setdefault(text, len(self._heads)) for text in heads.dictionary.to_pylist()]
        numbers = pc.if_else(parts.is_valid(), parts.field("number"), str(_NO_NUMBER)).cast(pa.int32())
        self._head.extend(np.array([*known, 0], np.int32)[heads.indices.to_numpy()])
        self._number.extend(numbers.to_numpy())

    def take(self, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The texts of some rows, by their numbers from 0."""
        heads = pa.array([*self._heads], pa.utf8()).take(pa.array(self._head.whole[rows]))
        numbers = self._number.whole[rows]
        written = pa.array(numbers, mask=numbers == _NO_NUMBER).cast(pa.utf8())
        return pc.binary_join_element_wise(heads, pc.fill_null(written, ""), "")
