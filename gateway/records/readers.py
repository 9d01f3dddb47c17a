"""Which reader and which explanation belong to each field type, and which Arrow types an adapter may give for it.

Owns that table alone: everything a new field type needs besides its own module is one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from gateway.records import dates, identifiers, numerals, texts, undated
from gateway.records.problems import Reason
from gateway.records.reading import Reading
from gateway.records.types import Column, FieldType


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Attributes:
    read: a whole column to its target type.
    why: the reasons for one cell that `read` did not take; at least one.
    typed: the Arrow types taken besides utf8. Never a float: it has lost digits before it came.
    """

    read: Callable[[pa.Array, Column], Reading]
    why: Callable[[str, Column], tuple[Reason, ...]]
    typed: Callable[[pa.DataType], bool]


def _none(kind: pa.DataType) -> bool:
    return False


def _exact_number(kind: pa.DataType) -> bool:
    if pa.types.is_decimal128(kind) or pa.types.is_decimal256(kind):
        return kind.scale >= 0  # Arrow does not calculate with others
    return pa.types.is_integer(kind)


def _day(kind: pa.DataType) -> bool:
    return pa.types.is_date32(kind) or pa.types.is_timestamp(kind)


_TEXT = Reader(read=texts.read_text, why=texts.why_text, typed=_none)
_SHAPE = Reader(read=texts.read_shape, why=texts.why_shape, typed=_none)
_NUMBER = Reader(read=numerals.read_number, why=numerals.why_number, typed=_exact_number)

READERS: dict[FieldType, Reader] = {
    FieldType.TEXT: _TEXT,
    FieldType.PERSON_NAME: _TEXT,
    FieldType.CODE: Reader(read=texts.read_code, why=texts.why_code, typed=_none),
    FieldType.INTEGER: _NUMBER,
    FieldType.DECIMAL: _NUMBER,
    FieldType.MONEY: _NUMBER,
    FieldType.DATE: Reader(read=dates.read_date, why=undated.why_date, typed=_day),
    FieldType.MONTH: Reader(read=dates.read_month, why=undated.why_month, typed=_none),
    FieldType.TIMESTAMP: Reader(read=dates.read_timestamp, why=undated.why_timestamp, typed=pa.types.is_timestamp),
    FieldType.BOOLEAN: Reader(read=texts.read_boolean, why=texts.why_boolean, typed=pa.types.is_boolean),
    FieldType.ID_NUMBER: Reader(read=identifiers.read_id_number, why=identifiers.why_id_number, typed=_none),
    FieldType.CREDIT_CODE: Reader(read=identifiers.read_credit_code, why=identifiers.why_credit_code, typed=_none),
    FieldType.ORGANIZATION_CODE: Reader(
        read=identifiers.read_organization_code, why=identifiers.why_organization_code, typed=_none
    ),
    FieldType.REGION_CODE: _SHAPE,
    FieldType.BANK_ACCOUNT: _SHAPE,
    FieldType.PHONE: _SHAPE,
}


def read(array: pa.Array, column: Column) -> Reading:
    """One column of a batch, already known to be of an accepted type, taken to its target type."""
    return READERS[column.type].read(array, column)


def why(text: str, column: Column) -> tuple[Reason, ...]:
    """The reasons for one cell, as text, that was not taken."""
    return READERS[column.type].why(text, column)


def accepts(kind: pa.DataType, column: Column) -> bool:
    """Whether an adapter may give this Arrow type for this column."""
    return pa.types.is_string(kind) or READERS[column.type].typed(kind)
