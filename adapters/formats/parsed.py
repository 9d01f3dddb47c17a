"""A block of a file after it was cut: columns of its records, and the places of what is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adapters.contract import Fault, Request, assemble

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Columns of the records that could be read with their places, and the places of those that could not."""

    lines: Numbers
    columns: list[pa.Array]
    faulty: list[tuple[int, Fault]]


def batches(parsed: Parsed, request: Request) -> Iterator[pa.RecordBatch]:
    """The records in the contract's shape; those that could not be read come last, with their fault."""
    bad = len(parsed.faulty)
    lines = pa.concat_arrays([pa.array(parsed.lines), pa.array([line for line, _ in parsed.faulty], pa.int64())])
    faults = pa.concat_arrays(
        [pa.nulls(len(parsed.lines), pa.utf8()), pa.array([f for _, f in parsed.faulty], pa.utf8())]
    )
    values = [pa.concat_arrays([column, pa.nulls(bad, pa.utf8())]) if bad else column for column in parsed.columns]
    batch = assemble(request.columns, lines.cast(pa.utf8()), faults, values)
    for start in range(0, batch.num_rows, request.batch_rows):
        yield batch.slice(start, request.batch_rows)


def numbered(lines: list[int], columns: list[pa.Array], faulty: list[tuple[int, Fault]]) -> Parsed:
    """What a reader that goes record by record has gathered."""
    return Parsed(lines=np.array(lines, np.int64), columns=columns, faulty=faulty)
