"""From a feed's configuration to a connection in its snapshot, and to the dialect that the database speaks.

Must never show what it puts into a connection string: the password is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Literal

import pyodbc

from adapters.contract import Request, Secrets
from adapters.odbc import mariadb, postgres
from adapters.odbc.accelerated import Accelerated, Query
from adapters.odbc.config import OdbcConfig
from adapters.odbc.dialects import Dialect, Sqlite, Standard
from adapters.odbc.drivers import access_file, completed
from adapters.odbc.postgres import Accelerate
from gateway.errors import ConfigInvalid, DriverMissing

_NO_SAVEPOINTS = ";Protocol=7.4-1"  # psqlodbc's word: inside a savepoint no snapshot can be taken over
_PLAIN = re.compile(r"[^;{}=\s\[\]()?*!@,]+")


def connect(
    config: OdbcConfig, secrets: Secrets, request: Request, purpose: Literal["read", "mark"] = "read"
) -> pyodbc.Connection:
    """In autocommit mode, with what its driver has to be told.

    Raises: what pyodbc raises; SecretUnavailable; ConfigInvalid: an Access file is never connected to.
    """
    if access_file(config.connection, pyodbc.dataSources()) is not None:
        zh, en = "Access 文件只能按表读取,不能回写标志", "an Access file is read by table alone and never marked"
        raise ConfigInvalid(place="connection", problem_zh=zh, problem_en=en)
    seconds = max(1, min(config.login_seconds, int(request.remaining())))
    text = connection_string(config, secrets)
    connection = pyodbc.connect(text, autocommit=True, readonly=purpose == "read", timeout=seconds)
    with suppress(pyodbc.Error):  # psqlodbc has no such attribute; the deadline is held by cancelling all the same
        connection.timeout = max(1, int(request.remaining()))
    if config.encoding is not None:
        connection.setdecoding(pyodbc.SQL_CHAR, encoding=config.encoding)
        connection.setencoding(encoding=config.encoding)
    return connection


def connection_string(config: OdbcConfig, secrets: Secrets) -> str:
    """The site's own, completed: with the driver's settings, the account and the password. Never to be shown."""
    parts = [completed(config.connection, pyodbc.dataSources())]
    if config.user is not None:
        parts.append(f"UID={_braced(config.user)}")
    if config.password is not None:
        parts.append(f"PWD={_braced(secrets.read(config.password))}")
    return ";".join(parts)


def dialect(
    connection: pyodbc.Connection, values: Mapping[str, object], accelerator: Accelerate | None = None
) -> Dialect:
    """Begin the snapshot on a fresh connection in autocommit mode; `values` are those of the named binds.

    Raises: what pyodbc raises; ConfigInvalid: this database cannot be accelerated.
    """
    name = str(connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()
    if any(word in name for word in postgres.FAMILY):
        return postgres.Postgres(connection, values, accelerator)
    if accelerator is not None:
        zh, en = (
            "accelerator 只用于 PostgreSQL 及同源数据库",
            "the accelerator is for PostgreSQL and its relatives only",
        )
        raise ConfigInvalid(place="accelerator", problem_zh=zh, problem_en=en)
    if name == "sqlite":
        return Sqlite(connection, values)
    if "maria" in name or "mysql" in name:
        return mariadb.server(connection)(connection, values)
    return Standard(connection, values)


def accelerate(config: OdbcConfig, secrets: Secrets) -> Accelerate | None:
    """How packed rows are read in a child process, where the feed says so. Raises: DriverMissing, SecretUnavailable."""
    if config.accelerator is None:
        return None
    _expect_arrow_odbc()
    connection = connection_string(config, secrets) + _NO_SAVEPOINTS

    def open_lines(session: tuple[str, ...], text: str, values: Sequence[object]) -> Accelerated:
        return Accelerated(
            Query(connection=connection, session=session, text=text, values=values, login_seconds=config.login_seconds)
        )

    return open_lines


def _expect_arrow_odbc() -> None:
    """It is looked for, not imported: only the child process ever imports it."""
    try:
        found = find_spec("arrow_odbc")
    except ImportError:
        found = None
    if found is None:
        raise DriverMissing(adapter="odbc", extra="odbc", package="arrow_odbc")


def _braced(value: str) -> str:
    """Only where it must be: psqlodbc takes the braces around an account's name for a part of it (measured)."""
    return value if _PLAIN.fullmatch(value) else "{" + value.replace("}", "}}") + "}"
