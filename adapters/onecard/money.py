"""Amounts as whole fen, whole columns at a time: only to reconcile; what is passed on is what the source states.

Must never round. What is not exactly a number of fen is not readable, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.types import Unit

_PLACES = {Unit.FEN: 0, Unit.YUAN: 2, Unit.WAN_YUAN: 6}
_DIGITS = 13
"""Digits of one amount in fen: a hundred thousand million yuan; a block of such amounts still adds up in 64 bits."""


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Fen, 0 where `readable` is false."""

    fen: npt.NDArray[np.int64]
    readable: npt.NDArray[np.bool_]


def amounts(column: pa.Array, unit: Unit) -> Amounts:
    """A column of text, or of exact numbers, in its unit."""
    places = _PLACES[unit]
    text = column if pa.types.is_string(column.type) else _shortest(column.cast(pa.utf8()))
    fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
    form = rf"^-?[0-9]{{1,{_DIGITS - places}}}{fraction}$"
    readable = pc.fill_null(pc.match_substring_regex(text, form), False)
    exact = pc.if_else(readable, text, "0").cast(pa.decimal128(_DIGITS, places))
    return Amounts(fen=_unscaled(exact), readable=np.asarray(readable))


def _shortest(text: pa.Array) -> pa.Array:
    """Numbers without the zeros that their type's scale adds."""
    trimmed = pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), ".")
    return pc.if_else(pc.match_substring(text, "."), trimmed, text)


def _unscaled(exact: pa.Array) -> npt.NDArray[np.int64]:
    """The low words of decimals that fit 64 bits."""
    words = np.frombuffer(exact.buffers()[1], np.int64) if len(exact) else np.zeros(0, np.int64)
    return words[2 * exact.offset : 2 * (exact.offset + len(exact)) : 2].copy()
