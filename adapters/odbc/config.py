"""The `source:` block of a database behind an ODBC driver. Must stay importable without pyodbc."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error
from adapters.odbc.drivers import access_file
from adapters.odbc.overlap import Overlap
from adapters.odbc.tables import Marking, Table
from adapters.statements import expect_statements

_LITERAL_SECRET = re.compile(r"(^|;)\s*(pwd|password)\s*=", re.IGNORECASE)
Sql = Annotated[str, Field(min_length=1, max_length=100_000)]


class OdbcConfig(AdapterConfig):
    """Which database is asked, and in which words.

    Attributes:
        connection: an ODBC connection string without the password: `Driver=SQLite3;Database=/data/agri.db;StepAPI=1`.
        user, password: added to it as UID and PWD when the connection is made.
        sql: one SELECT whose result columns are named by each field's `source`, in a stable order (ORDER BY). Values
            enter only by name: `:period_start`, `:period_end` (exclusive), `:period`, `:cursor`.
        totals_sql: a SELECT of one row, read in the same transaction before the rows: a column `rows` and, for each
            money field summed, a column of the field's name, in the field's own unit.
        table: instead of `sql`: a table whose columns are each field's `source`; see `adapters.odbc.tables`. The only
            way for an Access file (`Driver=MDBTools;DBQ=/data/agri.mdb`), read by Debian's package mdbtools: `name`,
            `period` and `period_text` alone, the rows in the file's own order; see `adapters.odbc.access`.
        cursor_column: the result column whose value in the last row is the next reading's `:cursor`; the rows must be
            ordered by it.
        cursor_overlap: how far before its cursor a reading starts, for rows that come late: `3d`, `2h`, `30m` where the
            column holds times, a number where it holds numbers.
        marking: the account that writes a handshake's signs, where the one that reads may not.
        encoding: of the driver's narrow strings, where the driver does not hand over Unicode; of the texts of an
            Access 97 file.
        accelerator: `arrow-odbc` reads the rows in a child process; PostgreSQL and its relatives, rows up to 16 KB.
        login_seconds: how long connecting and logging in may take.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset({"connection", "user", "password", "marking"})
    writing_keys: ClassVar[frozenset[str]] = frozenset({"table.handshake"})

    adapter: Literal["odbc"]
    connection: Annotated[str, Field(min_length=1, max_length=2000)]
    user: str | None = None
    password: SecretRef | None = None

    marking: Marking | None = None

    sql: Sql | None = None
    table: Table | None = None
    totals_sql: Sql | None = None
    cursor_column: str | None = None
    cursor_overlap: Overlap | None = None
    encoding: Literal["utf-8", "gb18030"] | None = None
    accelerator: Literal["arrow-odbc"] | None = None
    login_seconds: Annotated[int, Field(ge=1, le=600)] = 15

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        handshake = self.table.handshake if self.table else None
        if (self.sql is None) == (self.table is None):
            raise config_error("source", "sql 与 table 应恰有一个", "give either sql or table")
        in_order = access_file(self.connection, {}) is not None  # an Access file has but its own order
        if self.table and not (in_order or handshake or self.cursor_column or self.table.order_by):
            raise config_error("order", "table 应有 order_by,使行序固定", "give order_by, so that the order is fixed")
        if handshake and self.cursor_column:
            raise config_error(
                "handshake", "handshake 与 cursor_column 只能用一个", "a handshake needs no cursor_column"
            )
        if self.cursor_overlap and not self.cursor_column:
            raise config_error(
                "overlap", "cursor_overlap 须与 cursor_column 同用", "cursor_overlap needs cursor_column"
            )
        return self

    @model_validator(mode="after")
    def _binds_by_name_only(self) -> Self:
        connections = self.connection, self.marking.connection if self.marking else None
        if any(_LITERAL_SECRET.search(text) for text in connections if text):
            raise config_error(
                "secret_literal", "连接串中不得写口令,请用 password", "no password here: use the key password"
            )
        expect_statements(self.sql, self.totals_sql)
        return self
