"""Marking: a front library is told what became of its rows, in one transaction and only where they are unchanged.

The ready rows are read once more, judged, and marked by key as long as they are still ready, all in one serializable
transaction: whoever changes a row in between either waits, or makes this transaction fail, and then nothing is marked
and the next run tries again. Imported only when a source is marked. Must never write anything but a sign, a time and
our own words, and must never mark a row that has no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone

import pyodbc

from adapters.contract import Request, Secrets, Verdicts, cut_off
from adapters.odbc.config import OdbcConfig
from adapters.odbc.failures import driver_errors, malformed
from adapters.odbc.reading import Reading, open_reading
from adapters.odbc.tables import Handshake, Quoted, Table, update, width

_CHINA = timezone(timedelta(hours=8))
_PARAMETERS = 900  # SQLite's old limit is 999 in one statement, SQL Server's 2,100
_MOST_ROWS = 300
_CUT = "…"
Key = tuple[str, ...]


def mark(config: OdbcConfig, secrets: Secrets, request: Request, verdicts: Verdicts) -> int:
    """Raises: as `Acknowledges.acknowledge`."""
    table, handshake = _told(config)
    with ExitStack() as stack:
        reading = open_reading(_for_writing(config), secrets, request, stack, "mark")
        judged = _judge(reading, verdicts)
        connection = reading.connection
        with driver_errors(request):
            marker = _Marker(connection, table, handshake, request)
            rows = sum(marker.mark(text, keys) for text, keys in judged.items())
            _commit(connection)
    return rows


def _commit(connection: pyodbc.Connection) -> None:
    if connection.autocommit:  # the dialect began the transaction in SQL
        connection.execute("COMMIT")
    else:
        connection.commit()


def _told(config: OdbcConfig) -> tuple[Table, Handshake]:
    if config.table is None or config.table.handshake is None:
        raise ValueError("a source without a handshake is not marked")
    return config.table, config.table.handshake


def _for_writing(config: OdbcConfig) -> OdbcConfig:
    """With the account that may write, where there is one of its own."""
    own = config.marking
    if own is None:
        return config
    given = {name: value for name in ("connection", "user", "password") if (value := getattr(own, name)) is not None}
    return config.model_copy(update=given)


def _judge(reading: Reading, verdicts: Verdicts) -> dict[str, list[Key]]:
    """Verdict -> keys of the rows that have it; the empty verdict is "taken"."""
    judged: dict[str, list[Key]] = {}
    for portion in reading.portions():
        found = verdicts.of(portion.batch).to_pylist()
        for text, *key in zip(found, *(values.to_pylist() for values in portion.keys), strict=True):
            if text is not None and None not in key:
                judged.setdefault(text, []).append(tuple(key))
    return judged


class _Marker:
    """The UPDATEs of one marking."""

    def __init__(self, connection: pyodbc.Connection, table: Table, handshake: Handshake, request: Request) -> None:
        self._table, self._handshake, self._request = table, handshake, request
        self._connection = connection
        self._quoted = Quoted(connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR))
        self._at = (request.at or datetime.now(UTC)).astimezone(_CHINA).replace(tzinfo=None, microsecond=0)
        self._width = _width(self._connection, table, handshake, self._quoted)

    def mark(self, text: str, keys: Sequence[Key]) -> int:
        """Mark these rows as taken, or as refused for what `text` says; how many."""
        handshake = self._handshake
        sign = handshake.refused if text else handshake.taken
        sets: list[tuple[str, object]] = []
        if handshake.read_at:
            sets.append((handshake.read_at, self._at))
        if handshake.error:
            sets.append((handshake.error, _cut(text, self._width) or None))
        return sum(self._update(sign, sets, some) for some in _pieces(keys, len(handshake.key)))

    def _update(self, sign: str, sets: Sequence[tuple[str, object]], keys: Sequence[Key]) -> int:
        self._request.remaining()
        names, values = [name for name, _ in sets], [value for _, value in sets]
        cursor = self._connection.cursor()
        statement = update(self._table, sign, names, len(keys), self._quoted)
        with cut_off(self._request, cursor.cancel):
            cursor.execute(statement, [*values, *(part for key in keys for part in key)])
        if cursor.rowcount != len(keys):
            zh = f"按主键回写 {len(keys)} 行,实际 {cursor.rowcount} 行:handshake.key 不能唯一确定一行"
            en = f"{len(keys)} rows were to be marked by key and {cursor.rowcount} were: the key does not identify rows"
            raise malformed(self._request, zh, en, where=self._table.name)
        return len(keys)


def _width(connection: pyodbc.Connection, table: Table, handshake: Handshake, quoted: Quoted) -> int:
    """Characters that the error column takes; 0 when the driver knows no limit."""
    if handshake.error is None:
        return 0
    described = connection.cursor().execute(width(table, handshake.error, quoted)).description
    return int(described[0][3] or 0)


def _cut(text: str, most: int) -> str:
    return text if not most or len(text) <= most else text[: most - 1] + _CUT


def _pieces(keys: Sequence[Key], columns: int) -> Iterator[Sequence[Key]]:
    """Keys in portions that one statement takes."""
    most = min(_MOST_ROWS, _PARAMETERS // columns)
    return (keys[start : start + most] for start in range(0, len(keys), most))
