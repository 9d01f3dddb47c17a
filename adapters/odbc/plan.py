"""Plan: what one reading asks the database, in which order it follows the answer, and where each row stands.

The one place where `sql:` and `table:` differ. Must never touch a connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from adapters.contract import Request
from adapters.odbc.config import OdbcConfig
from adapters.odbc.overlap import CursorUnread, Follower, measure
from adapters.odbc.tables import Handshake, Quoted, select
from gateway.errors import ConfigInvalid, SourceMalformed
from gateway.records.types import sensitive

_NO_VALUE = "(空)"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One reading.

    Attributes:
        sql: with named binds.
        asked: the request with the cursor where the reading really starts.
        keys: the columns that identify a row; none where only its number tells.
    """

    sql: str
    asked: Request
    keys: tuple[str, ...]
    column: str | None
    follower: Follower

    @classmethod
    def of(cls, config: OdbcConfig, request: Request, quoted: Quoted) -> Plan:
        """Raises: ConfigInvalid, SourceMalformed (a cursor that the overlap cannot be taken from)."""
        follower = _follower(config, request)
        sql, keys = config.sql, ()
        if config.table is not None:
            names = [column.source or column.name for column in request.columns]
            sql = select(config.table, names, config.cursor_column, follower.start, quoted)
            keys = _keys(config.table.handshake, request)
        asked = replace(request, cursor=follower.start)
        return cls(sql=sql or "", asked=asked, keys=keys, column=config.cursor_column, follower=follower)

    @property
    def further(self) -> tuple[str, ...]:
        """The columns that are read besides the feed's own: the one that is followed, then the keys."""
        return (*self._followed, *self.keys)

    @property
    def cursor(self) -> str | None:
        """Where the next reading starts, once all rows were seen."""
        return self.follower.cursor if self.column else None

    def see(self, further: Sequence[pa.Array]) -> None:
        """Follow a portion of the further columns. Raises: SourceMalformed."""
        if not self._followed:
            return
        try:
            self.follower.see(further[0])
        except CursorUnread:
            raise _unread(self.asked, self._followed[0]) from None

    def keys_of(self, further: Sequence[pa.Array]) -> tuple[pa.Array, ...]:
        """The keys among the further columns."""
        return tuple(further[len(self._followed) :])

    def positions(self, keys: Sequence[pa.Array], rows: int, seen: int) -> pa.Array:
        """Where each row of a portion stands: its key, the same in every reading; else its number in this one."""
        if not keys:
            return pa.array(range(seen + 1, seen + rows + 1), pa.int64()).cast(pa.utf8())
        named = [
            pc.binary_join_element_wise(f"{name}=", values.fill_null(_NO_VALUE), "")
            for name, values in zip(self.keys, keys, strict=True)
        ]
        return pc.binary_join_element_wise(*named, " ")

    @property
    def _followed(self) -> tuple[str, ...]:
        return (self.column,) if self.column else ()


def _follower(config: OdbcConfig, request: Request) -> Follower:
    try:
        return Follower(measure(config.cursor_overlap, request.at), request.cursor)
    except (CursorUnread, OverflowError):
        raise _unread(request, config.cursor_column or "cursor") from None


def _keys(handshake: Handshake | None, request: Request) -> tuple[str, ...]:
    if handshake is None:
        return ()
    personal = {column.source or column.name for column in request.columns if sensitive(column.type)}
    if found := personal.intersection(handshake.key):
        name = min(found)
        zh = f"handshake.key 的 {name} 是个人信息,不能作为源位置,请改用 RowGuid 一类的编号"
        en = f"{name} under handshake.key is personal data and would be shown as a position: use a row's own number"
        raise ConfigInvalid(place=request.feed, problem_zh=zh, problem_en=en)
    return tuple(handshake.key)


def _unread(request: Request, column: str) -> SourceMalformed:
    zh = f"列 {column} 不在结果中,或其值与 cursor_overlap 的写法不符(3d、2h 用于时间,整数用于编号)"
    en = f"column {column} is missing, or is not what cursor_overlap measures (3d, 2h: times; a number: numbers)"
    return SourceMalformed(feed=request.feed, where="SQL", reason_zh=zh, reason_en=en)
