"""What a reader answers, and the two steps all readers share: blank cells and the text of a cell.

A reader takes one column of a batch, as text or as typed values, to its target type. It decides for whole columns;
only cells it could not take are explained one by one. It must never repair, round or guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

PADDING = " \t\u00a0\u3000"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One column taken to its target type.

    Attributes:
        values: target type, as long as the input; null where the cell is missing or bad.
        missing: the cell holds nothing: null, empty, or spaces only.
        bad: the cell holds something that cannot be taken exactly. Never together with `missing`.
    """

    values: pa.Array
    missing: Mask
    bad: Mask


def to_mask(array: pa.Array) -> Mask:
    """A boolean Arrow array as a numpy mask; null counts as false."""
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def only(values: pa.Array, keep: Mask) -> pa.Array:
    """The values with null wherever `keep` is false."""
    if keep.all():
        return values
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))


def matches(text: pa.Array, pattern: str) -> Mask:
    return to_mask(pc.match_substring_regex(text, pattern))


def blank(text: pa.Array) -> Mask:
    """Null, empty, or nothing but spaces (ASCII, no-break, ideographic) and tabs."""
    filled = pc.fill_null(pc.equal(pc.binary_length(pc.utf8_trim(text, PADDING)), 0), True)
    return to_mask(filled)


def trimmed(text: pa.Array) -> pa.Array:
    """Spaces around a number, date or boolean are padding: dropping them leaves the value unchanged."""
    return pc.utf8_trim(text, PADDING)


def is_text(array: pa.Array) -> bool:
    return pa.types.is_string(array.type)


def as_text(array: pa.Array) -> list[str]:
    """The cells of a typed or text column, none of them null, as text to explain and mask."""
    if pa.types.is_decimal(array.type):
        return [_plain(value) for value in array.to_pylist()]
    return [str(value) for value in pc.cast(array, pa.utf8()).to_pylist()]


def _plain(value: Decimal) -> str:
    """Without an exponent, and without the zeros that only the column's scale put there."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
