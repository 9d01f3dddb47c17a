"""What the driver says of each result column, and how its values become Arrow: exactly, or not at all.

A column's form is decided once, from the field's type and the driver's own description, never from the values. Values
come as Python objects, or as text that the database wrote itself; what may carry which field is the same for both.
Must never take a float for money, a number, or a code: it has already lost what it could not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gateway.records.types import Column, FieldType

Convert = Callable[[Sequence[Any]], pa.Array]


class ValueRefused(ValueError):
    """The driver's type for this column cannot carry the field exactly. Facts: `column`, `given`."""

    def __init__(self, column: str, given: str) -> None:
        self.column, self.given = column, given
        super().__init__(f"{column}: {given}")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Turns one result column's values into an Arrow array of one fixed type.

    Attributes:
        given: the driver's word for the column.
        convert: of Python objects.
        from_text: of the database's own text.
    """

    column: Column
    given: type
    convert: Convert
    from_text: Callable[[pa.Array], pa.Array]

    @property
    def source(self) -> str:
        """The column's name in the result."""
        return self.column.source or self.column.name


def reader(column: Column, given: type) -> Reader:
    """The reader for a field whose values the driver announces as `given`. Raises: ValueRefused."""
    convert = _CONVERTERS.get((column.type, given)) or _CONVERTERS.get((None, given))
    if convert is None:
        raise ValueRefused(column.source or column.name, given.__name__)
    return Reader(column=column, given=given, convert=convert, from_text=_FROM_TEXT.get(given, _as_written))


def _same(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.utf8())


def _integers_as_text(values: Sequence[int | None]) -> pa.Array:
    return pa.array(values, pa.int64()).cast(pa.utf8())


def _decimals_as_text(values: Sequence[Decimal | None]) -> pa.Array:
    """As written in full ("1200.00", never "1.2E+3"); the records room judges places and size."""
    return pa.array([None if value is None else format(value, "f") for value in values], pa.utf8())


def _dates(values: Sequence[date | None]) -> pa.Array:
    return pa.array(values, pa.date32())


def _dates_as_text(values: Sequence[date | None]) -> pa.Array:
    return pa.array([None if value is None else value.isoformat() for value in values], pa.utf8())


def _moments_as_text(values: Sequence[datetime | None]) -> pa.Array:
    return pa.array([None if value is None else value.isoformat(sep=" ") for value in values], pa.utf8())


def _midnights_as_dates(values: Sequence[datetime | None]) -> pa.Array:
    """Databases without a plain date type give midnight (Oracle, old SQL Server); another hour is left to be seen."""
    texts = [
        None if v is None else v.date().isoformat() if v.time() == time.min else v.isoformat(sep=" ") for v in values
    ]
    return pa.array(texts, pa.utf8())


def _integers(values: Sequence[int | None]) -> pa.Array:
    return pa.array(values, pa.int64())


def _booleans(values: Sequence[bool | None]) -> pa.Array:
    return pa.array(values, pa.bool_())


def _times_as_text(values: Sequence[time | None]) -> pa.Array:
    return pa.array([None if value is None else value.isoformat() for value in values], pa.utf8())


def _as_written(texts: pa.Array) -> pa.Array:
    """Infinity, years before Christ, zero dates and what is no number stay what they are, for the checks to see."""
    return texts


def _with_whole_offsets(texts: pa.Array) -> pa.Array:
    """PostgreSQL writes `+08` where ISO 8601 has `+08:00`; a moment without an offset is left without one."""
    return pc.replace_substring_regex(texts, r"(:[0-9.]+[+-][0-9]{2})$", r"\1:00")


def _flags(texts: pa.Array) -> pa.Array:
    """`t` and `f` of PostgreSQL, `1` and `0`, or a bit as a byte. Raises: pa.ArrowInvalid: another word."""
    for word, digit in (("t", "1"), ("f", "0"), ("\x01", "1"), ("\x00", "0")):
        texts = pc.replace_substring(texts, word, digit)
    return pc.cast(texts, pa.bool_())


_FROM_TEXT: dict[type, Callable[[pa.Array], pa.Array]] = {datetime: _with_whole_offsets, bool: _flags}

# (field type, or None for any other) and the driver's type; what is not here is refused: float and bytes above all.
_CONVERTERS: dict[tuple[FieldType | None, type], Convert] = {
    (None, str): _same,
    (None, int): _integers_as_text,
    (None, Decimal): _decimals_as_text,
    (None, date): _dates_as_text,
    (None, datetime): _moments_as_text,
    (FieldType.TEXT, time): _times_as_text,
    (FieldType.INTEGER, int): _integers,
    (FieldType.DATE, date): _dates,
    (FieldType.DATE, datetime): _midnights_as_dates,
    (FieldType.BOOLEAN, bool): _booleans,
}
