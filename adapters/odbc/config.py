"""The `source:` block of a database behind an ODBC driver. Must stay importable without pyodbc."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error
from adapters.odbc.binds import BindError, Statement

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
        cursor_column: the result column whose value in the last row is the next reading's `:cursor`; the rows must be
            ordered by it.
        encoding: of the driver's narrow strings, where the driver does not hand over Unicode.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset({"connection", "user", "password"})

    adapter: Literal["odbc"]
    connection: Annotated[str, Field(min_length=1, max_length=2000)]
    user: str | None = None
    password: SecretRef | None = None

    sql: Sql
    totals_sql: Sql | None = None
    cursor_column: str | None = None
    encoding: Literal["utf-8", "gb18030"] | None = None
    login_seconds: Annotated[int, Field(ge=1, le=600)] = 15

    @model_validator(mode="after")
    def _binds_by_name_only(self) -> Self:
        if _LITERAL_SECRET.search(self.connection):
            raise config_error(
                "secret_literal", "连接串中不得写口令,请用 password", "no password here: use the key password"
            )
        for sql in filter(None, (self.sql, self.totals_sql)):
            try:
                Statement.parse(sql)
            except BindError as error:
                raise config_error("sql", error.zh, error.en) from None
        return self
