"""The ledger itself: append, read, verify.

Every append, whoever's transaction it is in, continues from the stored head, so lines have no gaps and no forks even
with many processes writing. It must never write a line that is not in the same transaction as what it records, where
the two share a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, insert, select, update

from gateway.database import reading, settle, writing
from gateway.errors import YizhanError
from gateway.ledger import audit
from gateway.ledger.audit import Anchor
from gateway.ledger.chain import GENESIS, Line
from gateway.ledger.events import Event, EventKind
from gateway.ledger.table import HEAD, LEDGER, SCHEMA

_HEAD_ID = 1
_READ_LINES = 1_000


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the chain ends: number of the last line (0 for none) and its hash."""

    position: int
    hash: str


class Ledger:
    """The ledger in one database, written as one node."""

    def __init__(self, engine: Engine, node: str) -> None:
        """Raises: what `gateway.database.settle` raises."""
        self._engine = engine
        self._node = node
        settle(engine, SCHEMA)

    def append(self, event: Event, connection: Connection | None = None) -> Line:
        """Append one line: inside the caller's `writing` transaction, or in one of its own.

        Raises:
            StoreUnavailable, StoreDamaged: the line is not in the ledger.
        """
        if connection is not None:
            return self._append(connection, event)
        with writing(self._engine) as own:
            return self._append(own, event)

    def append_once(self, event: Event) -> None:
        """Append a line unless one of its kind about its batch and digest stands: of two processes, one enters it.

        Raises:
            StoreUnavailable, StoreDamaged: the line is not in the ledger.
        """
        with writing(self._engine) as own:
            _head(own)  # nobody else appends before this is committed
            known = self.lines(batch=event.batch, kind=event.kind, connection=own)
            if not any(line.digest == event.digest for line in known):
                self._append(own, event)

    def head(self, connection: Connection | None = None) -> Head:
        """Where the chain ends now. Raises StoreUnavailable, StoreDamaged."""
        if connection is not None:
            return _head(connection)
        with reading(self._engine) as own:
            return _stored_head(own)

    def lines(
        self,
        *,
        batch: str | None = None,
        kind: EventKind | None = None,
        digest: str | None = None,
        after: int = 0,
        connection: Connection | None = None,
    ) -> Iterator[Line]:
        """Lines after position `after` in order, of one batch, kind or digest where given; in pieces, on one snapshot.

        Raises:
            StoreUnavailable, StoreDamaged.
        """
        if connection is None:
            with reading(self._engine) as own:
                yield from self.lines(batch=batch, kind=kind, digest=digest, after=after, connection=own)
            return
        query = select(LEDGER).where(LEDGER.c.seq > after).order_by(LEDGER.c.seq)
        if batch is not None:
            query = query.where(LEDGER.c.batch == batch)
        if kind is not None:
            query = query.where(LEDGER.c.event == kind.value)
        if digest is not None:
            query = query.where(LEDGER.c.digest == digest)
        for row in connection.execute(query.execution_options(yield_per=_READ_LINES)):
            yield Line(**row._mapping)

    def verify(self, anchors: Iterable[Anchor] = ()) -> Iterator[YizhanError]:
        """Every fault of the ledger with its place, as values; nothing when it is whole.

        Args:
            anchors: lines that receipts quote. With them even a tail cut off together with its head is found.

        Raises:
            StoreUnavailable, StoreDamaged.
        """
        with reading(self._engine) as connection:
            yield from audit.guards(connection, self._node)
            end = _stored_head(connection)
            lines = self.lines(connection=connection)
            yield from audit.walk(lines, end.position, end.hash, anchors, self._node)

    def _append(self, connection: Connection, event: Event) -> Line:
        head = _head(connection)
        line = Line.after(head.position, head.hash, self._node, event)
        connection.execute(insert(LEDGER).values(asdict(line)))
        connection.execute(update(HEAD).where(HEAD.c.id == _HEAD_ID).values(seq=line.seq, hash=line.hash))
        return line


def _head(connection: Connection) -> Head:
    row = connection.execute(select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == _HEAD_ID).with_for_update()).one()
    return Head(position=row.seq, hash=row.hash)


def _stored_head(connection: Connection) -> Head:
    row = connection.execute(select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == _HEAD_ID)).one_or_none()
    return Head(position=0, hash=GENESIS) if row is None else Head(position=row.seq, hash=row.hash)
