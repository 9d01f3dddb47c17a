"""How much text the cells of an xlsx sheet hold once each has its own copy of the shared texts.

The reader gives every cell its own copy, so one long text that many cells share would take all memory. Owns that sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from adapters.formats.sheet.scan import whole_rows
from adapters.formats.sheet.strings import MOST_TEXT, too_much_text

_ITEM = re.compile(rb"<(?:\w+:)?si[\s>/]")
_SHARED = re.compile(rb"""\st=["']s["']""")
_INDEX = re.compile(rb"""\st=["']s["'][^>]*>\s*<(?:\w+:)?v[^>]*>([0-9]{1,9})<""")


def lengths(part: bytes) -> npt.NDArray[np.int64]:
    """The bytes of each shared text."""
    starts = [found.start() for found in _ITEM.finditer(part)]
    return np.diff(np.array([*starts, len(part)], np.int64)) if starts else np.zeros(0, np.int64)


def expect_text(pieces: Iterable[bytes], known: npt.NDArray[np.int64]) -> None:
    """One sheet. Raises: SheetError: its cells' texts together are more than a table of records holds."""
    longest = int(known.max()) if len(known) else 0
    total = 0
    for piece in whole_rows(pieces):
        cells = len(_SHARED.findall(piece))
        if total + cells * longest > MOST_TEXT:
            found = np.array(_INDEX.findall(piece), "S9").astype(np.int64)
            inside = found[found < len(known)]
            total += int(known[inside].sum()) + (cells - len(found)) * longest
        else:
            total += cells * longest
        if total > MOST_TEXT:
            raise too_much_text()
