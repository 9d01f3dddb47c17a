"""The `source:` block of an Oracle database. Must stay importable without oracledb."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error
from adapters.statements import expect_statements

_ACCOUNT_IN_DSN = re.compile(r"[^(]*/[^@(]*@")
Sql = Annotated[str, Field(min_length=1, max_length=100_000)]


class OracleConfig(AdapterConfig):
    """Which database is asked, and in which words.

    Attributes:
        dsn: `host:port/service`, or a whole `(DESCRIPTION=...)`; never with an account in it.
        user, password: the account; the password by reference.
        mode: `thin` talks to Oracle 12.1 and later; `thick` reaches older servers with the Instant Client in `client`.
        client: the Instant Client's directory, for thick mode alone.
        sql: one SELECT whose result columns are named by each field's `source` (Oracle writes an unquoted name in upper
            case; either is found), in a stable order (ORDER BY). Values enter only by name: `:period_start`,
            `:period_end` (exclusive), `:period`, `:cursor`.
        totals_sql: a SELECT of one row, read in the same snapshot before the rows: a column `"rows"` and, for each
            money field summed, a column of the field's name, in the field's own unit.
        cursor_column: the result column whose value in the last row is the next reading's `:cursor`; the rows must be
            ordered by it.
        charset: of a database that declares US7ASCII or another wrong set and holds GBK bytes. Its text columns have to
            be selected as `utl_raw.cast_to_raw(name) AS name`, and are decoded here.
        login_seconds: how long connecting and logging in may take.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset({"dsn", "user", "password", "mode", "client"})

    adapter: Literal["oracle"]
    dsn: Annotated[str, Field(min_length=1, max_length=4000)]
    user: Annotated[str, Field(min_length=1, max_length=128)]
    password: SecretRef
    mode: Literal["thin", "thick"] = "thin"
    client: str | None = None

    sql: Sql
    totals_sql: Sql | None = None
    cursor_column: str | None = None
    charset: Literal["gb18030"] | None = None
    login_seconds: Annotated[int, Field(ge=1, le=600)] = 15

    @model_validator(mode="after")
    def _no_account_in_the_dsn(self) -> Self:
        if _ACCOUNT_IN_DSN.match(self.dsn):
            zh, en = "dsn 中不得写账号口令,请用 user 和 password", "no account here: use the keys user and password"
            raise config_error("secret_literal", zh, en)
        return self

    @model_validator(mode="after")
    def _a_client_for_thick_mode_alone(self) -> Self:
        if (self.client is None) is (self.mode == "thick"):
            zh = "client(Instant Client 目录)与 mode: thick 必须同时写"
            raise config_error("client", zh, "client (the Instant Client's directory) and mode: thick go together")
        return self

    @model_validator(mode="after")
    def _binds_by_name_only(self) -> Self:
        expect_statements(self.sql, self.totals_sql)
        return self
