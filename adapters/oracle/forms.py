"""In which form each Oracle type is fetched: exactly, or not at all.

Measured with python-oracledb 26.1, and the reason for every line here:

* Arrow decimals are exact only in the column's own precision and scale. NUMBER without precision asked for as
  decimal128(38,10) gives 1896011491092736564947192743.6130393088 for thirty-eight nines, without an error. So such a
  NUMBER is fetched as text, row by row; unasked, it would come as a float.
* Arrow writes decimals below 0.000001 with an exponent: scales above 6 are fetched as text too.
* TIMESTAMP WITH TIME ZONE comes with its offset added and then dropped; WITH LOCAL TIME ZONE depends on this machine's
  zone; nine decimals of a second are cut to six: refused.
* BINARY_FLOAT, BINARY_DOUBLE: what they stand for is not decimal: refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import oracledb
import pyarrow as pa

_MAX_SCALE, _MAX_DECIMALS = 6, 6
_LONG_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class Form:
    """How one column is fetched.

    Attributes:
        arrow: what Arrow fetch is asked for; None where only rows are exact.
        rows: what a list of its values becomes.
        portion: rows to be held at once: fewer where each may be long.
    """

    arrow: pa.DataType | None
    rows: pa.DataType
    portion: int = 10_000  # more costs memory and gains nothing (measured)


_BYTES = Form(arrow=pa.binary(), rows=pa.binary())
_PLAIN = Form(arrow=pa.string(), rows=pa.binary())
_LONG = Form(arrow=pa.large_string(), rows=pa.string(), portion=_LONG_ROWS)
_NATIONAL = Form(arrow=None, rows=pa.string())
_NATIONAL_LONG = Form(arrow=None, rows=pa.string(), portion=_LONG_ROWS)

_FORMS: dict[Any, Form] = {
    oracledb.DB_TYPE_VARCHAR: _PLAIN,
    oracledb.DB_TYPE_CHAR: _PLAIN,
    oracledb.DB_TYPE_NVARCHAR: _NATIONAL,
    oracledb.DB_TYPE_NCHAR: _NATIONAL,
    oracledb.DB_TYPE_ROWID: _NATIONAL,
    oracledb.DB_TYPE_CLOB: _LONG,
    oracledb.DB_TYPE_NCLOB: _NATIONAL_LONG,
    oracledb.DB_TYPE_RAW: _BYTES,
    oracledb.DB_TYPE_DATE: Form(arrow=pa.timestamp("s"), rows=pa.timestamp("s")),
}


UNASKED = Form(arrow=None, rows=pa.null())
"""Of a column that cannot be fetched exactly and that no field needs."""


def form(described: Any) -> Form | None:
    """The form of a described column; None for a type that cannot be fetched exactly."""
    if described.type_code is oracledb.DB_TYPE_NUMBER:
        return Form(arrow=_decimal(described.precision or 0, described.scale), rows=pa.string())
    if described.type_code is oracledb.DB_TYPE_TIMESTAMP:
        exact = (described.scale or 0) <= _MAX_DECIMALS
        return Form(arrow=_moment(described.scale or 0), rows=pa.timestamp("us")) if exact else None
    return _FORMS.get(described.type_code)


def _decimal(precision: int, scale: int | None) -> pa.DataType | None:
    if scale is not None and 0 <= scale <= min(precision, _MAX_SCALE) and 0 < precision <= 38:
        return pa.decimal128(precision, scale)
    return None


def _moment(scale: int) -> pa.DataType:
    return pa.timestamp("us" if scale > 3 else "ms" if scale else "s")


def by_rows(cursor: Any, described: Any) -> Any:
    """The driver's output type handler for fetching rows: numbers as text, LOBs in line, text as the server's bytes."""
    kind, rows = described.type_code, cursor.arraysize
    if kind is oracledb.DB_TYPE_NUMBER:
        return cursor.var(str, arraysize=rows)
    if kind in (oracledb.DB_TYPE_VARCHAR, oracledb.DB_TYPE_CHAR):
        return cursor.var(kind, described.internal_size or 1, arraysize=rows, bypass_decode=True)
    if kind is oracledb.DB_TYPE_CLOB:
        return cursor.var(oracledb.DB_TYPE_LONG, arraysize=rows)
    if kind is oracledb.DB_TYPE_NCLOB:
        return cursor.var(oracledb.DB_TYPE_LONG_NVARCHAR, arraysize=rows)
    return None
