"""One client from CONNECT to log-off: reads calls, hands them to the database, writes the answers.

Faults are asked for in a comment of the SQL: `/* wire: sleep 3 */` before the answer, `/* wire: raise 1555 after 500
*/` and `/* wire: drop after 500 */` once so many rows have been sent.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from tests.peers.oracle import negotiation, primitives, results
from tests.peers.oracle.authentication import Login
from tests.peers.oracle.calls import Execute, Function, Option, Row, again, bind_rows, execute
from tests.peers.oracle.database import Database, Result, is_query
from tests.peers.oracle.packets import Interrupted, Marker, Packet, Wire
from tests.peers.oracle.primitives import Reader
from tests.peers.oracle.results import Cells, OracleError, Type
from tests.peers.oracle.services import Service

_FUNCTION, _PIGGYBACK = 3, 17
_SLEEP = re.compile(r"/\* wire: sleep ([\d.]+) \*/")
_RAISE = re.compile(r"/\* wire: raise (\d+)(?: after (\d+))? \*/")
_DROP = re.compile(r"/\* wire: drop after (\d+) \*/")


@dataclass
class Cursor:
    """A statement of the client's, and its open result."""

    sql: str = ""
    binds: tuple[tuple[int, int], ...] = ()
    kinds: list[Type] = field(default_factory=list)
    result: Result | None = None
    last: Cells | None = None
    sent: int = 0


class Session:
    """One accepted client."""

    def __init__(self, wire: Wire, service: Service, database: Database, accounts: Mapping[str, str]) -> None:
        self._wire, self._service, self._database = wire, service, database
        self._login = Login(service, accounts)
        self._cursors: dict[int, Cursor] = {}
        self._reader = Reader(wire.read_data)
        self._calls = {
            Function.LOG_IN_CHALLENGE: lambda: self._login.challenge(self._reader),
            Function.LOG_IN_JUDGE: lambda: self._login.judge(self._reader),
            Function.EXECUTE: self._execute,
            Function.REEXECUTE: self._again,
            Function.REEXECUTE_AND_FETCH: self._again,
            Function.FETCH: self._fetch,
        }

    def run(self) -> None:
        """Until the client logs off. Raises: ConnectionError: it has gone without."""
        while True:
            self._reader = Reader(self._wire.read_data)
            try:
                if self._message() is Function.LOG_OFF:
                    return
            except Interrupted as interrupted:
                self._reset(interrupted.kind)

    def _message(self) -> Function | None:
        kind = self._reader.byte()
        while kind == _PIGGYBACK:
            self._piggyback()
            kind = self._reader.byte()
        if kind == negotiation.PROTOCOL:
            self._wire.send_data(negotiation.protocol_reply(self._service))
        elif kind == negotiation.DATA_TYPES:
            self._wire.skip_rest()
            self._wire.send_data(negotiation.data_types_reply())
        elif kind == _FUNCTION:
            return self._function()
        else:
            raise ConnectionResetError(f"message type {kind}")
        return None

    def _function(self) -> Function:
        function = Function(self._reader.byte())
        self._reader.byte()
        try:
            self._wire.send_data(self._calls.get(function, results.status)())
        except OracleError as error:
            self._wire.send_data(results.ended(self._service.fields, error=error))
        return function

    def _piggyback(self) -> None:
        """Said before a call, to save a round trip: which cursors are no longer needed."""
        function = self._reader.byte()
        if function != Function.CLOSE_CURSORS:
            raise ConnectionResetError(f"piggyback {function}")
        self._reader.skip(2)
        for _ in range(self._reader.ub()):
            self._cursors.pop(self._reader.ub(), None)

    def _reset(self, kind: Marker) -> None:
        """A break is answered by one; the client's reset by ours and the error that the broken call ends with."""
        if kind is not Marker.RESET:
            self._wire.send_marker(Marker.BREAK)
            return
        self._wire.send_marker(Marker.RESET)
        error = OracleError(1013, "user requested cancel of current operation")
        self._wire.send_data(results.ended(self._service.fields, error=error))

    def _execute(self) -> bytes:
        asked = execute(self._reader, self._service.fields)
        number = asked.cursor or max(self._cursors, default=0) + 1
        cursor = self._cursors.setdefault(number, Cursor())
        cursor.sql = asked.sql or cursor.sql
        if Option.DEFINE in asked.options:
            cursor.kinds = [Type(kind) for kind in asked.defines]
            return self._ended(number, cursor)
        if Option.EXECUTE not in asked.options:
            return self._described(self._database.describe(cursor.sql)) + self._ended(number, cursor)
        cursor.binds = asked.binds
        return self._run(number, cursor, asked)

    def _again(self) -> bytes:
        asked = again(self._reader)
        cursor = self._cursors[asked.cursor]
        rows = bind_rows(self._reader, cursor.binds, 1 if is_query(cursor.sql) else asked.count)
        call = Execute(options=Option.EXECUTE, cursor=asked.cursor, sql=None, prefetch=asked.count, rows=rows)
        return self._run(asked.cursor, cursor, call)

    def _run(self, number: int, cursor: Cursor, asked: Execute) -> bytes:
        self._misbehave(cursor)
        if not is_query(cursor.sql):
            return self._change(number, cursor, asked.rows)
        cursor.result = self._database.query(cursor.sql, asked.rows[0])
        cursor.last, cursor.sent = None, 0
        described = self._described(cursor.result.columns) if asked.sql else b""
        kinds = [column.kind for column in cursor.result.columns]
        if not cursor.kinds:
            cursor.kinds = kinds
        # A LOB is not sent before the client has said how it wants it.
        if Type.CLOB in cursor.kinds or not asked.prefetch:
            return described + self._ended(number, cursor)
        return described + self._rows(number, cursor, asked.prefetch)

    def _change(self, number: int, cursor: Cursor, rows: tuple[Row, ...]) -> bytes:
        if re.match(r"\s*set\s+transaction\s+read\s+only", cursor.sql, re.IGNORECASE):
            self._database.begin_read_only()
        elif not re.match(r"\s*(alter\s+session|set)\b", cursor.sql, re.IGNORECASE):
            cursor.sent = self._database.change(cursor.sql, rows)
        return self._ended(number, cursor)

    def _fetch(self) -> bytes:
        number, count = self._reader.ub(), self._reader.ub()
        if Type.CLOB in self._cursors[number].kinds:
            raise OracleError(3115, "LOB locators are not spoken here: define the column as LONG")
        return self._rows(number, self._cursors[number], count)

    def _rows(self, number: int, cursor: Cursor, count: int) -> bytes:
        self._break_off(cursor)
        told = [results.rows_header(count, cursor.sent)]
        taken = 0
        for cells in islice(cursor.result.cells if cursor.result else (), count):
            told.append(results.row(cells, cursor.kinds, cursor.last if self._service.repeats else None))
            cursor.last, taken = cells, taken + 1
        cursor.sent += taken
        over = None if taken == count else results.no_more_rows()
        told.append(results.ended(self._service.fields, cursor=number, rows=cursor.sent, error=over))
        return b"".join(told)

    def _described(self, columns: list[results.Described]) -> bytes:
        now = primitives.date(time.time_ns() // 1000)
        return results.describe(columns, self._service.fields, now)

    def _ended(self, number: int, cursor: Cursor) -> bytes:
        return results.ended(self._service.fields, cursor=number, rows=cursor.sent)

    def _misbehave(self, cursor: Cursor) -> None:
        if found := _SLEEP.search(cursor.sql):
            ready, _, _ = select.select([self._wire.socket], [], [], float(found[1]))
            if ready:
                kind, body = self._wire.read()
                if kind is Packet.MARKER:
                    raise Interrupted(Marker(body[2]))
        if (found := _RAISE.search(cursor.sql)) and not found[2]:
            raise OracleError(int(found[1]), "as the statement asks")

    def _break_off(self, cursor: Cursor) -> None:
        if (found := _DROP.search(cursor.sql)) and cursor.sent >= int(found[1]):
            raise ConnectionResetError("as the statement asks")
        if (found := _RAISE.search(cursor.sql)) and found[2] and cursor.sent >= int(found[2]):
            raise OracleError(int(found[1]), "as the statement asks")
