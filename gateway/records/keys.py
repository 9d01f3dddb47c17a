"""How long a key may be: what every database can index, with room for the region and the period before it.

Asked where rows are checked and again where they are loaded, so that both say the same of a row. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.reading import Mask

MAX_KEY = 2_000
"""Bytes of UTF-8 that the text of a key may take together; PostgreSQL indexes at most 2,704 in one entry."""


def overlong(columns: Sequence[pa.Array], rows: int) -> Mask:
    """Rows whose key takes more.

    Args:
        columns: the key's columns; those that are not text take no room worth counting.
    """
    taken = np.zeros(rows, np.int64)
    for column in columns:
        if pa.types.is_string(column.type):
            taken += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return taken > MAX_KEY
