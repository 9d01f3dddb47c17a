"""What a client asks: the TTC functions, and the layout of execute, re-execute and the columns they carry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Any

from tests.peers.oracle.primitives import Reader, read_date, read_number
from tests.peers.oracle.results import OracleError, Type


class Function(IntEnum):
    REEXECUTE = 4
    FETCH = 5
    LOG_OFF = 9
    COMMIT = 14
    ROLLBACK = 15
    REEXECUTE_AND_FETCH = 78
    EXECUTE = 94
    CLOSE_CURSORS = 105
    LOG_IN_JUDGE = 115
    LOG_IN_CHALLENGE = 118
    PING = 147


class Option(IntFlag):
    PARSE = 0x01
    BIND = 0x08
    DEFINE = 0x10
    EXECUTE = 0x20
    FETCH = 0x40


Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Execute:
    """An execute call: `cursor` 0 asks for a new one; `defines` replace the described types; `rows` are the binds."""

    options: Option
    cursor: int
    sql: str | None
    prefetch: int
    defines: tuple[int, ...] = ()
    binds: tuple[tuple[int, int], ...] = ()
    rows: tuple[Row, ...] = ((),)


def execute(reader: Reader, fields: int) -> Execute:
    options, cursor = Option(reader.ub() & 0x7F), reader.ub()
    reader.byte()
    length = reader.ub()
    reader.byte()
    reader.ub()
    reader.skip(2)
    reader.ub()
    prefetch = reader.ub()
    reader.ub()
    reader.byte()
    bind_count = reader.ub()
    reader.skip(6)
    define_count = reader.ub()
    _skip_registrations(reader, fields)
    sql = (reader.string() or b"").decode() if length else None
    numbers = [reader.ub() for _ in range(13)]
    given = {"options": options, "cursor": cursor, "sql": sql, "prefetch": prefetch}
    if Option.DEFINE in options:
        return Execute(**given, defines=tuple(kind for kind, _ in _columns(reader, define_count, fields)))
    if not bind_count:
        return Execute(**given)
    binds = _columns(reader, bind_count, fields)
    query = numbers[7]
    return Execute(**given, binds=binds, rows=_rows(reader, binds, 1 if query else max(numbers[1], 1)))


def _skip_registrations(reader: Reader, fields: int) -> None:
    """Change notification, object lists, row counts, SQL signatures: nothing of it is ever asked for here."""
    reader.ub()
    reader.skip(3)
    reader.ub()
    reader.byte()
    reader.skip_ubs(2)
    reader.byte()
    reader.ub()
    reader.byte()
    if fields >= 8:
        for _ in range(2):
            reader.byte()
            reader.ub()
        reader.byte()
    if fields >= 9:
        reader.byte()
        reader.ub()


@dataclass(frozen=True, kw_only=True)
class Again:
    """A re-execute call: the same statement and bind types, other values."""

    cursor: int
    count: int


def again(reader: Reader) -> Again:
    asked = Again(cursor=reader.ub(), count=reader.ub())
    reader.skip_ubs(2)
    return asked


def bind_rows(reader: Reader, binds: tuple[tuple[int, int], ...], count: int) -> tuple[Row, ...]:
    return _rows(reader, binds, count) if binds else ((),)


def _columns(reader: Reader, count: int, fields: int) -> tuple[tuple[int, int], ...]:
    """Type and character-set form of each."""
    found = []
    for _ in range(count):
        kind = reader.byte()
        reader.skip(3)
        reader.skip_ubs(3)
        reader.string_with_two_lengths()
        reader.skip_ubs(2)
        form = reader.byte()
        reader.ub()
        if fields >= 8:
            reader.ub()
        found.append((kind, form))
    return tuple(found)


def _rows(reader: Reader, binds: tuple[tuple[int, int], ...], count: int) -> tuple[Row, ...]:
    rows = []
    for _ in range(count):
        reader.byte()
        rows.append(tuple(_value(reader.string(), kind, form) for kind, form in binds))
    return tuple(rows)


def _value(raw: bytes | None, kind: int, form: int) -> str | Decimal | bytes | None:
    if raw is None:
        return None
    if kind in (Type.VARCHAR, Type.CHAR, Type.LONG):
        return raw.decode("utf-16-be" if form == 2 else "utf-8")
    if kind in (Type.NUMBER, Type.INTEGER):
        return read_number(raw)
    if kind in (Type.DATE, Type.TIMESTAMP):
        return read_date(raw)
    if kind == Type.RAW:
        return raw
    raise OracleError(932, f"inconsistent datatypes: bind type {kind}")
