"""The warehouse itself: load a batch, look one up, say what is held, check it all.

A load is one transaction that holds the only write lock from its start: dedup, order, rows, balance, ledger line,
receipt and record are all committed, or nothing is. It must never return a receipt that is not committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, Engine, insert, select

from gateway.database import alone, reading, settle, writing
from gateway.errors import FeedTablesMissing, FeedUnprepared, LoadUnbalanced, StoreForbidden, YizhanError
from gateway.ledger import Anchor, Detail, Event, EventKind, Head, Ledger
from gateway.records.totals import Totals, to_yuan
from gateway.warehouse import asof, audit, outward, record
from gateway.warehouse.asof import Belief, MaskedRow
from gateway.warehouse.facts import BatchFacts, Delivery, LoadResult, ReceiptMaker, agree
from gateway.warehouse.history import superseded_of
from gateway.warehouse.intake import Intake
from gateway.warehouse.merge import load_merging
from gateway.warehouse.outward import Disclosure
from gateway.warehouse.reading import batch_totals
from gateway.warehouse.shape import FeedShape, Reach
from gateway.warehouse.straight import load_straight
from gateway.warehouse.tables import BATCHES, SCHEMA, FeedTables, Place, number_of
from gateway.warehouse.turn import require_turn


class Warehouse:
    """One centre's warehouse. `ledger` must lie in the same database.

    Every call may raise StoreUnavailable or StoreDamaged; nothing was written then.
    """

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        """Raises: what `gateway.database.settle` raises."""
        self._engine = engine
        self._ledger = ledger
        self._feeds: dict[str, FeedTables] = {}
        settle(engine, SCHEMA)

    def prepare(self, shape: FeedShape) -> None:
        """Make the feed's tables, or check that they are what the catalogue says. Before the feed's first load.

        Raises:
            FeedShapeChanged: the tables are there with other columns; nothing is altered.
            FeedTablesMissing: they are not there, and making them is for their owner.
        """
        tables = FeedTables.of(shape)
        with reading(self._engine) as connection:
            present = tables.present(connection)
        if not present:
            self._make(tables)
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
            OrderSpent: the order it comes under has been used as often as it may be.
        """
        with reading(self._engine) as connection:
            if _receipt(connection, facts.digest) is None:
                require_turn(connection, facts)

    def load(self, facts: BatchFacts, batches: Iterable[pa.RecordBatch], receipt: ReceiptMaker) -> bytes:
        """Load a verified batch and give its receipt; the same digest again gives the stored one, reading nothing.

        Args:
            batches: the payload's records in the feed's columns and types; may raise at any point, which undoes all.
            receipt: makes the receipt inside the transaction, from the result and the ledger's head after it.

        Raises:
            Conflict, RevisionOutOfOrder, CorrectsUnknown, OrderSpent: as for `require_next`.
            LoadUnbalanced: rows or sums are not those of the manifest.
            PayloadShapeInvalid: a column or a value is not the feed's.
            FeedUnprepared: `prepare` was not called.
        """
        tables = self._tables(facts.feed)
        with writing(self._engine) as connection:
            alone(connection, *_alone_with(facts, tables.shape.reach))
            stored = _receipt(connection, facts.digest)  # asked now: another receiver may have loaded it meanwhile
            if stored is not None:
                return stored
            require_turn(connection, facts)
            place = Place(tables=tables, region=facts.region, period=facts.period, number=number_of(facts.digest))
            result, content = _load_rows(connection, place, Intake(tables.shape, batches))
            _require_balance(facts, result)
            columns = record.encode(facts, result, place.number, content, superseded_of(connection, place))
            line = self._ledger.append(_event(facts, result, record.digest(columns), tables.shape.amount), connection)
            made = receipt(result, Head(position=line.seq, hash=line.hash))
            columns |= {"position": line.seq, "head": line.hash, "receipt": made}
            connection.execute(insert(BATCHES).values(columns))
        return made

    def deliveries(self, feed: str | None = None, period: str | None = None, *, after: int = 0) -> list[Delivery]:
        """Every batch held whose ledger line comes after position `after`, of one feed or period where given, in the
        order of those lines."""
        query = select(BATCHES).where(BATCHES.c.position > after).order_by(BATCHES.c.position)
        if feed is not None:
            query = query.where(BATCHES.c.feed == feed)
        if period is not None:
            query = query.where(BATCHES.c.period == period)
        with reading(self._engine) as connection:
            return [record.decode(row) for row in connection.execute(query)]

    def asof(self, feed: str, period: str, at: datetime, region: str | None = None) -> Belief:
        """What was believed of a period at a moment (aware): revision, rows, exact sums, and from which batches.

        Args:
            region: may be left out while the period is held for one region only.

        Raises:
            FeedUnprepared: `prepare` was not called.
            RegionRequired: the period is held for several regions.
        """
        with reading(self._engine) as connection:
            return asof.belief(connection, self._tables(feed), period, at, region)

    def masked_rows(self, held: Belief, limit: int | None = None) -> Iterator[MaskedRow]:
        """The rows of a belief in the order of their keys, masked, at most `limit` of them. Raises FeedUnprepared."""
        with reading(self._engine) as connection:
            yield from asof.masked_rows(connection, self._tables(held.feed), held, limit)

    def rows(self, held: Belief, disclosure: Disclosure) -> Iterator[pa.RecordBatch]:
        """The rows of a belief with their lineage, in the schema of `row_schema`. Raises FeedUnprepared."""
        with reading(self._engine) as connection:
            yield from outward.rows(connection, self._tables(held.feed), held, disclosure)

    def row_schema(self, feed: str, disclosure: Disclosure) -> pa.Schema:
        """What `rows` gives. Raises FeedUnprepared."""
        return outward.row_schema(self._tables(feed).shape, disclosure)

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

    def _make(self, tables: FeedTables) -> None:
        try:
            with writing(self._engine) as connection:
                alone(connection, "schema")
                tables.make(connection)
        except StoreForbidden as forbidden:
            raise FeedTablesMissing(place=forbidden.facts["place"], feed=tables.shape.feed) from None

    def _tables(self, feed: str) -> FeedTables:
        tables = self._feeds.get(feed)
        if tables is None:
            raise FeedUnprepared(feed=feed)
        return tables


def _receipt(connection: Connection, digest: str) -> bytes | None:
    return connection.execute(select(BATCHES.c.receipt).where(BATCHES.c.digest == digest)).scalar_one_or_none()


def _alone_with(facts: BatchFacts, reach: Reach) -> Iterator[str]:
    """What no two loads may be at together: the records a batch can meet, and the uses of its order."""
    period = f"/{facts.period}" if reach is Reach.PERIOD else ""
    yield f"load {facts.region}/{facts.feed}{period}"
    if facts.order is not None:
        yield f"order {facts.order.number}"


def _load_rows(connection: Connection, place: Place, intake: Intake) -> tuple[LoadResult, bytes]:
    current = place.tables.current
    occupied = connection.execute(select(current).where(place.reached_in(current)).limit(1)).first()
    plain = occupied is None and place.tables.shape.operation is None
    outcome = (load_straight if plain else load_merging)(connection, place, intake)
    loaded = batch_totals(connection, place)
    result = LoadResult(
        counted=intake.counted,
        loaded=loaded,
        problem=outcome.problem + intake.keyless,
        duplicate=outcome.duplicate,
        effect=outcome.effect(loaded),
    )
    return result, outcome.content


def _require_balance(facts: BatchFacts, result: LoadResult) -> None:
    if not agree(facts.sent, result.counted) or not result.balanced:
        raise LoadUnbalanced(batch=facts.batch, sent=_spoken(facts.sent), counted=_spoken(result.counted))


def _spoken(totals: Totals) -> str:
    return " ".join([str(totals.rows), *(f"{name}={to_yuan(fen)}" for name, fen in totals.sums)])


def _event(facts: BatchFacts, result: LoadResult, content: str, amount: str | None) -> Event:
    effect = result.effect
    return Event(
        at=facts.accepted_at,
        kind=EventKind.LOADED,
        batch=facts.batch,
        feed=facts.feed,
        period=facts.period,
        revision=facts.revision,
        digest=facts.digest,
        by=facts.by,
        detail=Detail(
            department=facts.sender,
            rows=result.loaded.rows,
            problem=result.problem.rows,
            duplicate=result.duplicate.rows,
            added=effect.added.rows,
            changed=effect.changed.rows,
            replaced=effect.replaced.rows,
            removed=effect.removed.rows,
            net=dict(effect.net[1])[amount] if amount else None,
            number=facts.order.number if facts.order else None,
            reason=facts.reason,
            released_by=facts.released_by,
            content=content,
        ),
    )
