"""Tables: a source named by its table and columns instead of a SELECT, with the handshake of a front library (前置库).

Owns the shape of `table:` and the SQL made of it. Identifiers come from a pattern without quotes and are quoted all the
same, as the driver says; signs are constants of the configuration, held to letters and digits; every value is bound.
Must stay importable without pyodbc.

Found in practice: `inf_*` tables with `sync_sign, read_date, sync_error_desc`, and a sign "0" ready, "1" taken, "9"
refused. Whoever changes a row that was taken sets it back to ready, and it is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.contract import SecretRef, config_error

_PART = r"[\w$#]+"
Name = Annotated[str, Field(pattern=f"^{_PART}$", max_length=128)]
TableName = Annotated[str, Field(pattern=rf"^{_PART}(\.{_PART}){{0,2}}$", max_length=386)]
Sign = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,16}$")]
ALIAS = "yz"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Handshake(_Strict):
    """How a front library is told what became of each row.

    Attributes:
        sign: the column that holds one of the three signs.
        ready, taken, refused: what stands there before a row is read, after it arrived, and after it was set aside.
        read_at: the column that takes the time of marking; a date and time, or text.
        error: the column that takes the reasons of a refused row in Chinese, cut to its width.
        key: the columns that identify a row. They are its position in problem books, so none may hold personal data.
    """

    sign: Name
    ready: Sign = "0"
    taken: Sign = "1"
    refused: Sign = "9"
    read_at: Name | None = None
    error: Name | None = None
    key: Annotated[list[Name], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _tells_apart(self) -> Self:
        if self.ready in (self.taken, self.refused):
            zh, en = "ready 不得与 taken、refused 相同", "ready must differ from taken and refused"
            raise config_error("signs", zh, en)
        return self


class Table(_Strict):
    """The columns read are those of the fields' `source`.

    Attributes:
        name: `table`, `schema.table` or `database.schema.table`.
        period: a date column. Without cursor or handshake the period's own days are read; with one of them all before
            the period's end, however old: a row that comes late with an older date belongs to the reading that finds
            it. A front library is best read without it: a row dated by a wrong clock would wait for that day.
        period_text: a column that holds the period as this system writes it (2026-10), read where it is equal.
        order_by: columns that give the rows one order; after the cursor's column, before the handshake's key.
        handshake: where the rows have a sign that says which are ready; only those are read.
    """

    name: TableName
    period: Name | None = None
    period_text: Name | None = None
    order_by: list[Name] = Field(default_factory=list)
    handshake: Handshake | None = None


class Marking(_Strict):
    """The account that marks, where the one that reads may not write. What is left out is as for reading.

    Attributes:
        connection: an ODBC connection string without the password.
        user, password: the account's name, and the reference to its password.
    """

    connection: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    user: str | None = None
    password: SecretRef | None = None


class Quoted:
    """Identifiers in a driver's own quotes; `mark` is what SQLGetInfo names, a blank where the driver has none."""

    def __init__(self, mark: str) -> None:
        self._open = mark.strip()
        self._close = "]" if self._open == "[" else self._open

    def name(self, name: str) -> str:
        """`schema.table` is two."""
        return ".".join(f"{self._open}{part}{self._close}" for part in name.split("."))

    def column(self, name: str) -> str:
        """Of the aliased table: without it SQLite takes a quoted name that it does not know for a text."""
        return f"{ALIAS}.{self._open}{name}{self._close}"


def select(table: Table, columns: Sequence[str], follow: str | None, cursor: str | None, quoted: Quoted) -> str:
    """The SELECT with named binds.

    Args:
        columns: the fields' own names in the source.
        follow: the column a cursor follows. cursor: None at the beginning.
    """
    handshake = table.handshake
    keys = handshake.key if handshake else []
    wanted = list(dict.fromkeys([*columns, *keys, *([follow] if follow else [])]))
    order = list(dict.fromkeys([*([follow] if follow else []), *table.order_by, *keys]))
    conditions = [*_signed(table, quoted), *_dated(table, follow, quoted), *_onward(follow, cursor, quoted)]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    shown = ", ".join(map(quoted.column, wanted))
    by = ", ".join(map(quoted.column, order))
    return f"SELECT {shown} FROM {quoted.name(table.name)} {ALIAS}{where} ORDER BY {by}"  # noqa: S608 - quoted names


def update(table: Table, sign: str, sets: Sequence[str], rows: int, quoted: Quoted) -> str:
    """The UPDATE of `rows` rows by key, as long as they are ready; question marks for `sets`, then for the keys."""
    handshake = _handshake(table)
    changes = [f"{quoted.name(handshake.sign)} = '{sign}'", *(f"{quoted.name(name)} = ?" for name in sets)]
    keys = [quoted.name(name) for name in handshake.key]
    if len(keys) == 1:
        chosen = f"{keys[0]} IN ({', '.join('?' * rows)})"
    else:
        one = " AND ".join(f"{key} = ?" for key in keys)
        chosen = " OR ".join([f"({one})"] * rows)
    ready = f"{quoted.name(handshake.sign)} = '{handshake.ready}'"
    return f"UPDATE {quoted.name(table.name)} SET {', '.join(changes)} WHERE {ready} AND ({chosen})"  # noqa: S608 - names


def width(table: Table, column: str, quoted: Quoted) -> str:
    """A SELECT without rows, for the driver to describe one column."""
    return f"SELECT {quoted.column(column)} FROM {quoted.name(table.name)} {ALIAS} WHERE 1 = 0"  # noqa: S608 - names


def _signed(table: Table, quoted: Quoted) -> list[str]:
    handshake = table.handshake
    return [f"{quoted.column(handshake.sign)} = '{handshake.ready}'"] if handshake else []


def _dated(table: Table, follow: str | None, quoted: Quoted) -> list[str]:
    found = []
    if table.period:
        column = quoted.column(table.period)
        if table.handshake or follow:
            found.append(f"({column} < :period_end OR {column} IS NULL)")
        else:
            found.append(f"{column} >= :period_start AND {column} < :period_end")
    if table.period_text:
        found.append(f"{quoted.column(table.period_text)} = :period")
    return found


def _onward(follow: str | None, cursor: str | None, quoted: Quoted) -> list[str]:
    """A row without the column's value has no place in the order: it is read each time."""
    if follow is None or cursor is None:
        return []
    column = quoted.column(follow)
    return [f"({column} > :cursor OR {column} IS NULL)"]


def _handshake(table: Table) -> Handshake:
    if table.handshake is None:
        raise ValueError("a table without a handshake is not marked")
    return table.handshake
