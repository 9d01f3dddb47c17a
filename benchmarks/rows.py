"""The rows that every adapter is measured with: twelve columns of a subsidy roster, the same for each kind of source.

Made a million at a time out of whole Arrow columns. Nobody's data: numbers count up, names repeat.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Column
from gateway.records.types import FieldType

COLUMNS = (
    Column(name="region", type=FieldType.REGION_CODE, source="region"),
    Column(name="township", type=FieldType.TEXT, source="township"),
    Column(name="household", type=FieldType.CODE, source="household"),
    Column(name="holder", type=FieldType.PERSON_NAME, source="holder"),
    Column(name="id_number", type=FieldType.ID_NUMBER, source="id_number"),
    Column(name="phone", type=FieldType.PHONE, source="phone"),
    Column(name="account", type=FieldType.BANK_ACCOUNT, source="account"),
    Column(name="item", type=FieldType.CODE, source="item"),
    Column(name="batch", type=FieldType.TEXT, source="batch"),
    Column(name="serial", type=FieldType.INTEGER, source="serial"),
    Column(name="amount", type=FieldType.MONEY, source="amount"),
    Column(name="paid_on", type=FieldType.DATE, source="paid_on"),
)
_NAMES = pa.array(["王芳", "李娜", "张秀英", "欧阳海燕", "刘洋", "買買提·艾力", "陈静", "杨億"])
_TOWNSHIPS = pa.array(["宜阳街道", "水口山镇", "官岭镇", "新河镇", "洋泉镇"])
_AT_ONCE = 100_000


def tables(rows: int) -> Iterator[pa.Table]:
    """The rows in order, in parts; `serial` and `amount` are numbers, `paid_on` a date, all else text."""
    for start in range(0, rows, _AT_ONCE):
        yield _table(np.arange(start, min(start + _AT_ONCE, rows), dtype=np.int64))


def _table(number: np.ndarray) -> pa.Table:
    digits = pc.cast(pa.array(number), pa.utf8())
    return pa.table({
        "region": _repeat("430482101201", number),
        "township": _TOWNSHIPS.take(pa.array(number % len(_TOWNSHIPS))),
        "household": pc.utf8_lpad(digits, 10, "0"),
        "holder": _NAMES.take(pa.array(number % len(_NAMES))),
        "id_number": pc.binary_join_element_wise("4304821950", pc.utf8_lpad(digits, 8, "0"), ""),
        "phone": pc.binary_join_element_wise("138", pc.utf8_lpad(digits, 8, "0"), ""),
        "account": pc.binary_join_element_wise("81012000", pc.utf8_lpad(digits, 11, "0"), ""),
        "item": _repeat("A0101", number),
        "batch": _repeat("2026-10-001", number),
        "serial": pa.array(number + 1),
        "amount": pc.cast(pa.array(number % 500_000 + 1), pa.decimal128(19, 0)).cast(pa.decimal128(21, 2)),
        "paid_on": pa.array((number % 28 + 20_730).astype(np.int32), pa.date32()),
    })  # fmt: skip


def _repeat(text: str, number: np.ndarray) -> pa.Array:
    return pa.repeat(text, len(number))


def texts(table: pa.Table) -> pa.Table:
    """Every column as the text that a file holds."""
    return pa.table({name: pc.cast(table[name], pa.utf8()) for name in table.column_names})


def lines(rows: int, delimiter: str, encoding: str) -> Iterator[bytes]:
    """A delimited file: titles, then the rows."""
    yield (delimiter.join(column.name for column in COLUMNS) + "\n").encode(encoding)
    for table in tables(rows):
        joined = pc.binary_join_element_wise(*texts(table).columns, delimiter).to_pylist()
        yield ("\n".join(joined) + "\n").encode(encoding)
