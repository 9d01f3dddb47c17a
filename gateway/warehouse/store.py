"""The warehouse itself: load a batch, look one up, say what is held, check it all.

A load is one transaction that holds the only write lock from its start: dedup, order, rows, balance, ledger line,
receipt and record are all committed, or nothing is. It must never return a receipt that is not committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from sqlalchemy import Connection, Engine, func, insert, inspect, select

from gateway.errors import Conflict, CorrectsUnknown, FeedUnprepared, LoadUnbalanced, RevisionOutOfOrder, YizhanError
from gateway.ledger import Anchor, Detail, Event, EventKind, Head, Ledger, reading, writing
from gateway.records.totals import Totals, to_yuan
from gateway.warehouse import audit, record
from gateway.warehouse.facts import BatchFacts, Delivery, LoadResult, ReceiptMaker, agree
from gateway.warehouse.intake import Intake
from gateway.warehouse.merge import load_merging
from gateway.warehouse.reading import batch_totals
from gateway.warehouse.shape import FeedShape
from gateway.warehouse.straight import load_straight
from gateway.warehouse.tables import BATCHES, METADATA, FeedTables, Place


class Warehouse:
    """One centre's warehouse. `ledger` must lie in the same database.

    Every call may raise StoreUnavailable or StoreDamaged; nothing was written then.
    """

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        """Make the table `batches` if it is missing."""
        self._engine = engine
        self._ledger = ledger
        self._feeds: dict[str, FeedTables] = {}
        with reading(engine) as connection:
            ready = inspect(connection).has_table(BATCHES.name)
        if not ready:
            with writing(engine) as connection:
                METADATA.create_all(connection)

    def prepare(self, shape: FeedShape) -> None:
        """Make the feed's tables, or check that they are what the catalogue says. Before the feed's first load.

        Raises:
            FeedShapeChanged: the tables are there with other columns; nothing is altered.
        """
        tables = FeedTables.of(shape)
        with reading(self._engine) as connection:
            present = tables.present(connection)
        if not present:
            with writing(self._engine) as connection:
                tables.make(connection)
        self._feeds[shape.feed] = tables

    def lookup(self, digest: str) -> bytes | None:
        """The receipt of the batch with this manifest digest, or `None` while it is not loaded."""
        with reading(self._engine) as connection:
            return _receipt(connection, digest)

    def require_next(self, facts: BatchFacts) -> None:
        """Refuse early what `load` would refuse for its place among the revisions; `load` asks again.

        Raises:
            Conflict: this revision is held with other content.
            RevisionOutOfOrder: an earlier revision has not come.
            CorrectsUnknown: `previous` is not the revision held here.
        """
        with reading(self._engine) as connection:
            if _receipt(connection, facts.digest) is None:
                _require_next(connection, facts)

    def load(self, facts: BatchFacts, batches: Iterable[pa.RecordBatch], receipt: ReceiptMaker) -> bytes:
        """Load a verified batch and give its receipt; the same digest again gives the stored one, reading nothing.

        Args:
            batches: the payload's records in the feed's columns and types; may raise at any point, which undoes all.
            receipt: makes the receipt inside the transaction, from the result and the ledger's head after it.

        Raises:
            Conflict, RevisionOutOfOrder, CorrectsUnknown: as for `require_next`.
            LoadUnbalanced: rows or sums are not those of the manifest.
            PayloadShapeInvalid: a column or a value is not the feed's.
            FeedUnprepared: `prepare` was not called.
        """
        tables = self._feeds.get(facts.feed)
        if tables is None:
            raise FeedUnprepared(feed=facts.feed)
        with writing(self._engine) as connection:
            stored = _receipt(connection, facts.digest)
            if stored is not None:
                return stored
            _require_next(connection, facts)
            number = _next_number(connection)
            place = Place(tables=tables, region=facts.region, period=facts.period, number=number)
            result, content = _load_rows(connection, place, Intake(tables.shape, batches))
            _require_balance(facts, result)
            columns = record.encode(facts, result, number, content)
            line = self._ledger.append(_event(facts, result, record.digest(columns)), connection)
            made = receipt(result, Head(position=line.seq, hash=line.hash))
            columns |= {"position": line.seq, "head": line.hash, "receipt": made}
            connection.execute(insert(BATCHES).values(columns))
        return made

    def deliveries(self, feed: str | None = None, period: str | None = None) -> list[Delivery]:
        """Every batch held, of one feed or period where given, in the order of their ledger lines."""
        query = select(BATCHES).order_by(BATCHES.c.position)
        if feed is not None:
            query = query.where(BATCHES.c.feed == feed)
        if period is not None:
            query = query.where(BATCHES.c.period == period)
        with reading(self._engine) as connection:
            return [record.decode(row) for row in connection.execute(query)]

    def anchors(self) -> list[Anchor]:
        """The ledger lines that issued receipts quote; for `Ledger.verify`."""
        with reading(self._engine) as connection:
            found = connection.execute(select(BATCHES.c.position, BATCHES.c.head)).all()
        return [Anchor(position=row.position, head=row.head) for row in found]

    def fsck(self) -> Iterator[YizhanError]:
        """Every disagreement between rows, records, receipts and ledger lines, with its place, as values.

        The ledger's own chain is `Ledger.verify(warehouse.anchors())`. Feeds must have been prepared.
        """
        with reading(self._engine) as connection:
            lines = list(self._ledger.lines(kind=EventKind.LOADED, connection=connection))
            yield from audit.check(connection, self._feeds, lines)


def _receipt(connection: Connection, digest: str) -> bytes | None:
    return connection.execute(select(BATCHES.c.receipt).where(BATCHES.c.digest == digest)).scalar_one_or_none()


def _require_next(connection: Connection, facts: BatchFacts) -> None:
    latest = connection.execute(
        select(BATCHES.c.revision, BATCHES.c.digest)
        .where(BATCHES.c.region == facts.region, BATCHES.c.feed == facts.feed, BATCHES.c.period == facts.period)
        .order_by(BATCHES.c.revision.desc())
        .limit(1)
    ).one_or_none()
    held, digest = (latest.revision, latest.digest) if latest else (0, None)
    if facts.revision <= held:
        raise Conflict(batch=facts.batch)
    if facts.revision != held + 1:
        raise RevisionOutOfOrder(batch=facts.batch, expected=held + 1)
    if facts.previous != digest:
        raise CorrectsUnknown(batch=facts.batch)


def _next_number(connection: Connection) -> int:
    return connection.execute(select(func.coalesce(func.max(BATCHES.c.number), 0) + 1)).scalar_one()


def _load_rows(connection: Connection, place: Place, intake: Intake) -> tuple[LoadResult, bytes]:
    current = place.tables.current
    occupied = connection.execute(select(current).where(place.reached_in(current)).limit(1)).first()
    outcome = (load_merging if occupied else load_straight)(connection, place, intake)
    result = LoadResult(
        counted=intake.counted,
        loaded=batch_totals(connection, place),
        problem=outcome.problem + intake.keyless,
        duplicate=outcome.duplicate,
        changed=outcome.changed,
    )
    return result, outcome.content


def _require_balance(facts: BatchFacts, result: LoadResult) -> None:
    if not agree(facts.sent, result.counted) or not result.balanced:
        raise LoadUnbalanced(batch=facts.batch, sent=_spoken(facts.sent), counted=_spoken(result.counted))


def _spoken(totals: Totals) -> str:
    return " ".join([str(totals.rows), *(f"{name}={to_yuan(fen)}" for name, fen in totals.sums)])


def _event(facts: BatchFacts, result: LoadResult, content: str) -> Event:
    return Event(
        at=facts.accepted_at,
        kind=EventKind.LOADED,
        batch=facts.batch,
        feed=facts.feed,
        period=facts.period,
        revision=facts.revision,
        digest=facts.digest,
        detail=Detail(
            department=facts.sender,
            rows=result.loaded.rows,
            problem=result.problem.rows,
            duplicate=result.duplicate.rows,
            changed=result.changed,
            content=content,
        ),
    )
