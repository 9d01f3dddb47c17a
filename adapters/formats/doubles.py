"""Numbers that come as binary floating point, as the decimal text that was meant, where that is certain.

A double tells 15 significant decimal digits apart and no more: a number typed with 15 digits or fewer has exactly one
shortest text, which is what was typed. A longer one was computed, or has already lost digits: nobody can say what it
was, so it is never given as a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

EXACT_DIGITS = 15
_FIRST_LOST = 10.0**EXACT_DIGITS
Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Written:
    """Attributes:
    texts: digits, a point where there are decimals, never an exponent; null where `lost`.
    lost: more than 15 significant digits, or no number at all.
    """

    texts: pa.Array
    lost: Mask


def written(numbers: Doubles) -> Written:
    """The numbers as text: 5.0 is `5`, 1e-06 is `0.000001`, minus zero is `0`."""
    lost = ~(np.abs(numbers) < _FIRST_LOST)
    kept = np.where(lost, 0.0, numbers)
    whole = kept == np.trunc(kept)
    texts = pc.if_else(pa.array(whole), _whole(kept), _broken(np.where(whole, 0.5, kept)))
    lost |= np.asarray(pc.greater(_digits(texts), EXACT_DIGITS))
    return Written(texts=pc.if_else(pa.array(lost), None, texts), lost=lost)


def _whole(numbers: Doubles) -> pa.Array:
    return pc.cast(pa.array(numbers.astype(np.int64)), pa.utf8())


def _broken(numbers: Doubles) -> pa.Array:
    """The shortest text that reads back as the same double; those that come with an exponent are written out."""
    texts = pc.cast(pa.array(numbers), pa.utf8())
    short = np.asarray(pc.match_substring(texts, "e"))
    if not short.any():
        return texts
    out = texts.to_numpy(zero_copy_only=False)
    out[short] = [format(Decimal(text), "f") for text in out[short]]
    return pa.array(out, pa.utf8())


def _digits(texts: pa.Array) -> pa.Array:
    """How many significant digits each text has; trailing zeros of a whole number count, and are fewer than 15."""
    return pc.utf8_length(pc.replace_substring_regex(texts, r"^-?0*\.?0*|\.", ""))
