"""The history's other half: which rows a batch took out of what was believed, as one SHA-256.

Content proves what a superseded row says; this proves by which batch it was superseded, and so until when it was
believed. Computed by the load from what it wrote, and again by fsck. It must never write.

Format: SHA-256 over, for each row of the history that names the batch in `_superseded_by`, ordered by the two: the
number of the batch that brought it and its row number, each as 8 bytes little-endian.
"""

from __future__ import annotations

import hashlib

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from gateway.warehouse.shape import ROW
from gateway.warehouse.tables import BATCH, REGION, SUPERSEDED_BY, Place

_READ_ROWS = 65_536


def superseded_by(place: Place) -> ColumnElement[bool]:
    """Rows of the history that this batch superseded: of its own period or, of an increment, of one before."""
    history = place.tables.history
    return (history.c[REGION] == place.region) & (history.c[SUPERSEDED_BY] == place.number)


def superseded_of(connection: Connection, place: Place) -> bytes:
    """The digest, 32 bytes."""
    history, digest = place.tables.history, hashlib.sha256()
    lineage = history.c[BATCH], history.c[ROW]
    found = connection.execute(
        select(*lineage).where(superseded_by(place)).order_by(*lineage).execution_options(yield_per=_READ_ROWS)
    )
    for partition in found.partitions():
        digest.update(np.array([tuple(row) for row in partition], dtype="<i8").tobytes())
    return digest.digest()
