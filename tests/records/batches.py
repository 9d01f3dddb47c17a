"""Small batches in an adapter's shape, and the sample columns the records tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from gateway.records.check import Checked, Checker
from gateway.records.types import FAULT, POSITION, Column, FieldType

SALT = bytes(range(16))


def column(kind: FieldType, **facts: object) -> Column:
    return Column(name=kind.value, type=kind, **facts)


def batch_of(columns: Sequence[Column], rows: Sequence[Mapping[str, object]], *, first: int = 1) -> pa.RecordBatch:
    """Rows of text by column name; a key that is absent is null. `_fault` may be given like a column."""
    positions = pa.array([str(first + at) for at in range(len(rows))], pa.utf8())
    cells = [pa.array([row.get(name) for row in rows], pa.utf8()) for name in (FAULT, *(c.name for c in columns))]
    return pa.record_batch([positions, *cells], names=[POSITION, FAULT, *(c.name for c in columns)])


def typed_batch(item: Column, values: pa.Array) -> pa.RecordBatch:
    """One column as an adapter gives it with a type of its own."""
    positions = pa.array([str(at) for at in range(1, len(values) + 1)], pa.utf8())
    return pa.record_batch([positions, pa.nulls(len(values), pa.utf8()), values], names=[POSITION, FAULT, item.name])


def check_one(item: Column, *texts: str | None) -> Checked:
    """Check one column of text cells."""
    return Checker([item], salt=SALT).check(batch_of([item], [{item.name: text} for text in texts]))


def values(item: Column, *texts: str | None) -> list[object]:
    """What the texts become; every one of them must pass."""
    checked = check_one(item, *texts)
    assert checked.problems == ()
    return checked.good.column(0).to_pylist()


def reasons(item: Column, text: str) -> tuple[str, ...]:
    """Names of the reasons why one text is refused; empty when it passes."""
    return tuple(problem.reason.name for problem in check_one(item, text).problems)
