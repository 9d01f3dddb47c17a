"""Fetched arrays as the text the contract takes: exact, whole columns at a time, with the rows that no text can be.

Only rows found bad are looked at one by one. Must never put a replacement character in the place of a byte.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.types import FieldType

_NOT_ASCII = "[^\\x00-\\x7F]"


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A column as text; `bad` marks the rows whose bytes are no character in the declared set."""

    values: pa.Array
    bad: pa.Array


def texts(array: pa.Array, kind: FieldType | None, charset: str | None) -> Texts:
    """A fetched array as text.

    Args:
        array: strings, bytes (raw, or a text column undecoded), decimals or moments.
        kind: the field's type; None for a column that is no field (the cursor's).
        charset: of bytes that the database declares wrongly; None where it declares them rightly.
    """
    if pa.types.is_timestamp(array.type):
        return _good(_moments(array, kind))
    if pa.types.is_binary(array.type) and charset is not None:
        return _decoded(array, charset)
    if pa.types.is_decimal(array.type):
        return _good(array.cast(pa.utf8()))
    plain = _utf8(array)
    if charset is None:
        return plain
    # Beyond ASCII, the server's conversion from a set that is declared wrongly has spoilt it: never trusted.
    spoilt = pc.fill_null(pc.match_substring_regex(plain.values, _NOT_ASCII), fill_value=False)
    return Texts(values=plain.values, bad=pc.or_(plain.bad, spoilt))


def _good(values: pa.Array) -> Texts:
    return Texts(values=values, bad=_none_of(values))


def _none_of(values: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(value=False), len(values))


def _moments(array: pa.Array, kind: FieldType | None) -> pa.Array:
    """ISO text; of a date field the day alone, where the hour is midnight: Oracle's DATE always has one."""
    moments = array.cast(pa.utf8())
    if kind is not FieldType.DATE:
        return moments
    midnight = pc.equal(pc.floor_temporal(array, unit="day"), array)
    return pc.if_else(midnight, pc.utf8_slice_codeunits(moments, 0, 10), moments)


def _utf8(array: pa.Array) -> Texts:
    """The driver does not look at what it puts into Arrow: bytes other than the database declares show here."""
    try:
        strings = array.cast(pa.utf8())
        strings.validate(full=True)
    except pa.ArrowInvalid:
        return _one_by_one(array.cast(pa.binary()), "utf-8")
    return _good(strings)


def _decoded(array: pa.Array, charset: str) -> Texts:
    """All values in one call of the decoder, between line feeds: no character of GB18030 holds one, so that a torn
    character at a value's end cannot swallow the next.
    """
    filled = pc.fill_null(array, b"")
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(filled)], filled), b"\n")[0].as_py()
    try:
        parts = joined.decode(charset).split("\n")
    except UnicodeDecodeError:
        return _one_by_one(array, charset)
    if len(parts) != max(len(array), 1):  # a value holds a line feed itself
        return _one_by_one(array, charset)
    strings = pa.array(parts[: len(array)], pa.utf8())
    return _good(pc.if_else(pc.is_valid(array), strings, pa.scalar(None, pa.utf8())))


def _one_by_one(array: pa.Array, charset: str) -> Texts:
    values = [_decode(value, charset) for value in array.to_pylist()]
    strings = pa.array(values, pa.utf8())
    return Texts(values=strings, bad=pc.and_(pc.is_null(strings), pc.is_valid(array)))


def _decode(value: bytes | None, charset: str) -> str | None:
    try:
        return None if value is None else value.decode(charset)
    except UnicodeDecodeError:
        return None
