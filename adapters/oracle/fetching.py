"""A result's rows in portions of Arrow arrays: by Arrow fetch where every column is exact that way, else by rows.

Must never ask for an Arrow type that a value could overflow: the driver then gives another number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oracledb
import pyarrow as pa

from adapters.oracle.forms import UNASKED, Form, by_rows
from adapters.oracle.session import Session

Portion = list[pa.Array]


def portions(
    session: Session, sql: str, values: dict[str, object], names: list[str], forms: list[Form], rows: int
) -> Iterator[Portion]:
    """Portions of at most `rows` rows, one array a column. Raises: ours."""
    wanted = [form.arrow for form in forms]
    if all(kind is not None for kind in wanted):
        return _arrow(session, sql, values, pa.schema(list(zip(names, wanted, strict=True))), rows)
    return _rows(session, sql, values, forms, rows)


def _arrow(session: Session, sql: str, values: dict[str, object], schema: pa.Schema, rows: int) -> Iterator[Portion]:
    with session.call():
        frames = session.connection.fetch_df_batches(
            sql, values, size=rows, fetch_decimals=True, requested_schema=schema
        )
    while True:
        with session.call():
            frame = next(frames, None)
        if frame is None:
            return
        if frame.num_rows():  # a result without rows is one frame without rows
            yield [_whole(pa.array(column)) for column in frame.column_arrays()]


def _whole(array: pa.Array) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _rows(session: Session, sql: str, values: dict[str, object], forms: list[Form], rows: int) -> Iterator[Portion]:
    cursor = session.execute(sql, values, rows, by_rows)
    while fetched := _fetch(session, cursor, rows):
        columns: list[tuple[Any, ...]] = list(zip(*fetched, strict=True))
        yield [_array(column, form) for column, form in zip(columns, forms, strict=True)]


def _array(column: tuple[Any, ...], form: Form) -> pa.Array:
    """Nothing at all of a column that no field asks for and that has no exact form."""
    return pa.nulls(len(column)) if form == UNASKED else pa.array(column, form.rows)


def _fetch(session: Session, cursor: oracledb.Cursor, rows: int) -> list[tuple[Any, ...]]:
    with session.call():
        return list(cursor.fetchmany(rows))
