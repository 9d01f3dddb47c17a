"""How an answer is written: column descriptions, rows, and the error message that also says success.

Each answer ends with an error message; its code 0 is success and 1403 the end of the rows. Between rows with equal
values a bit vector names the columns that are sent. A LONG (which a CLOB becomes once the client has defined it so)
is followed by two more integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from tests.peers.oracle.primitives import ub, with_length, with_two_lengths

_ERROR, _ROW_HEADER, _ROW, _STATUS, _DESCRIBE, _BIT_VECTOR = 4, 6, 7, 9, 16, 21
_NO_MORE_ROWS = 1403
_UTF8 = 873
_WARNINGS_FROM = 14


class Type(IntEnum):
    """Oracle's type numbers, as far as they are spoken here."""

    VARCHAR = 1
    NUMBER = 2
    INTEGER = 3
    LONG = 8
    DATE = 12
    RAW = 23
    CHAR = 96
    BINARY_DOUBLE = 101
    CLOB = 112
    TIMESTAMP = 180
    TIMESTAMP_TZ = 181


class OracleError(Exception):
    """What a call is refused with."""

    def __init__(self, code: int, words: str) -> None:
        self.code = code
        super().__init__(f"ORA-{code:05d}: {words}")


@dataclass(frozen=True, kw_only=True)
class Described:
    """One column of a result."""

    name: str
    kind: Type
    precision: int = 0
    scale: int = 0
    size: int = 22

    @property
    def form(self) -> int:
        """Character-set form: 1 is the database's own; 0 is no text."""
        return 1 if self.kind in (Type.VARCHAR, Type.CHAR, Type.CLOB) else 0


Cells = Sequence[bytes | None]


def status() -> bytes:
    return bytes((_STATUS,)) + ub(0) * 2


def ended(fields: int, *, cursor: int = 0, rows: int = 0, error: OracleError | None = None) -> bytes:
    """The message that closes an answer."""
    code = error.code if error else 0
    head = bytes((_ERROR,)) + ub(0) * 3 + ub(code & 0xFFFF) + ub(0) * 2 + ub(cursor) + ub(0) + bytes(6)
    rowid_and_more = ub(0) * 2 + b"\0" + ub(0) * 3 + b"\0\0" + ub(0) * 6
    told = head + rowid_and_more + ub(code) + ub(rows) + (ub(0) * 2 if fields >= _WARNINGS_FROM else b"")
    return told + (with_length(str(error).encode()) if error else b"")


def describe(columns: Iterable[Described], fields: int, now: bytes) -> bytes:
    """What the columns are; `now` is the server's DATE."""
    described = list(columns)
    head = bytes((_DESCRIBE,)) + with_length(bytes(7)) + ub(1000) + ub(len(described)) + b"\1"
    told = (_column(one, at, fields) for at, one in enumerate(described, 1))
    return head + b"".join(told) + with_two_lengths(now) + ub(0) * 5


def _column(one: Described, at: int, fields: int) -> bytes:
    return b"".join(
        (
            bytes((one.kind, 0, one.precision & 0xFF, one.scale & 0xFF)), ub(one.size), ub(0) * 4,
            ub(_UTF8 if one.form else 0), bytes((one.form,)), ub(one.size if one.form else 0),
            ub(0) if fields >= 8 else b"", b"\1\0", with_two_lengths(one.name.encode()), ub(0) * 2, ub(at), ub(0),
        )
    )  # fmt: skip


def rows_header(asked: int, before: int) -> bytes:
    return bytes((_ROW_HEADER, 0)) + ub(1) + ub(before) + ub(asked) + ub(0) * 3


def row(cells: Cells, kinds: Sequence[Type], last: Cells | None) -> bytes:
    """One row; where `last` is given, only what differs from it (a LONG always)."""
    if last is None:
        return bytes((_ROW,)) + b"".join(map(_cell, cells, kinds))
    sent = [at for at, cell in enumerate(cells) if cell != last[at] or kinds[at] is Type.LONG]
    if len(sent) == len(cells):
        return bytes((_ROW,)) + b"".join(map(_cell, cells, kinds))
    bits = bytearray((len(cells) + 7) // 8)
    for at in sent:
        bits[at >> 3] |= 1 << (at & 7)
    vector = bytes((_BIT_VECTOR,)) + ub(len(sent)) + bits
    return vector + bytes((_ROW,)) + b"".join(_cell(cells[at], kinds[at]) for at in sent)


def _cell(cell: bytes | None, kind: Type) -> bytes:
    told = with_length(cell) if cell else b"\0"
    return told + ub(0) * 2 if kind is Type.LONG else told


def no_more_rows() -> OracleError:
    return OracleError(_NO_MORE_ROWS, "no data found")
