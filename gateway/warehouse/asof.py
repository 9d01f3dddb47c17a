"""What was believed at a moment: the rows that batches accepted by then had put in and none of them had superseded.

The tables forget nothing, so the answer for a moment is the same whenever it is asked. A batch counts as known only
with all that the ledger has before it: a clock set back cannot show a correction without what it corrects. Values leave
this module masked. It must never write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select, union_all

from gateway.errors import RegionRequired
from gateway.records.mask import mask
from gateway.records.totals import Totals, to_yuan
from gateway.records.types import Column, FieldType
from gateway.warehouse.facts import Delivery
from gateway.warehouse.record import decode
from gateway.warehouse.shape import ROW
from gateway.warehouse.tables import BATCH, BATCHES, SUPERSEDED_BY, FeedTables, Place

_READ_ROWS = 8_192


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Totals of the rows in force that came with one batch."""

    batch: str
    revision: int
    accepted_at: datetime
    totals: Totals


@dataclass(frozen=True, kw_only=True)
class Belief:
    """A period of a feed as it was believed at `at`.

    Attributes:
        region: whose; `None` where nothing has ever come.
        position: the last line of the ledger that counts; 0 where nothing was known.
        newest: the newest revision then known; `None` where nothing was.
        totals: rows in force and their exact sums.
        contributions: the batches they came with, in the order of the ledger; those with no row in force are left out.
    """

    feed: str
    period: str
    at: datetime
    region: str | None
    position: int
    newest: Delivery | None
    totals: Totals
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class MaskedRow:
    """One row in force, its values in the feed's order as text that may be shown; `None` where there is none."""

    batch: str
    row: int
    values: tuple[str | None, ...]


def belief(connection: Connection, tables: FeedTables, period: str, at: datetime, region: str | None) -> Belief:
    """See Warehouse.asof. Raises RegionRequired."""
    where = region or _only_region(connection, tables.shape.feed, period)
    known = known_batches(connection, tables.shape.feed, where, at)
    position = known[-1].position if known else 0
    own = [one for one in known if one.facts.period == period]
    found = _totals_by_batch(connection, tables, period, where, position)
    contributions = tuple(
        Contribution(
            batch=one.facts.batch,
            revision=one.facts.revision,
            accepted_at=one.facts.accepted_at,
            totals=found[one.number],
        )
        for one in own
        if one.number in found
    )
    return Belief(
        feed=tables.shape.feed,
        period=period,
        at=at,
        region=where,
        position=position,
        newest=max(own, key=lambda one: one.facts.revision, default=None),
        totals=sum((one.totals for one in contributions), Totals.zero(tables.shape.columns)),
        contributions=contributions,
    )


def masked_rows(connection: Connection, tables: FeedTables, held: Belief, limit: int | None) -> Iterator[MaskedRow]:
    """The rows of a belief in the order of their keys, at most `limit` of them."""
    if held.region is None or not held.totals.rows:
        return
    batches = {one.number: one.facts.batch for one in known_batches(connection, held.feed, held.region, held.at)}
    columns = tables.shape.columns
    names = [BATCH, ROW, *(column.name for column in columns)]
    parts = (
        select(*(table.c[name] for name in names)).where(where)
        for table, where in in_force(tables, held.period, held.region, held.position)
    )
    both = union_all(*parts).subquery()
    query = select(both).order_by(*(both.c[name] for name in tables.shape.key)).limit(limit)
    for number, row, *values in connection.execute(query.execution_options(yield_per=_READ_ROWS)):
        shown = tuple(_shown(value, column) for value, column in zip(values, columns, strict=True))
        yield MaskedRow(batch=batches[number], row=row, values=shown)


def _only_region(connection: Connection, feed: str, period: str) -> str | None:
    query = select(BATCHES.c.region).where(BATCHES.c.feed == feed, BATCHES.c.period == period).distinct()
    regions = connection.execute(query.order_by(BATCHES.c.region)).scalars().all()
    if len(regions) > 1:
        raise RegionRequired(feed=feed, period=period, regions=" ".join(regions))
    return regions[0] if regions else None


def known_batches(connection: Connection, feed: str, region: str | None, at: datetime) -> list[Delivery]:
    """Every batch of the feed and region up to the first that was accepted later."""
    query = select(BATCHES).where(BATCHES.c.feed == feed, BATCHES.c.region == region).order_by(BATCHES.c.position)
    return list(takewhile(lambda one: one.facts.accepted_at <= at, map(decode, connection.execute(query))))


def _totals_by_batch(
    connection: Connection, tables: FeedTables, period: str, region: str | None, position: int
) -> dict[int, Totals]:
    if region is None:
        return {}
    shape, found = tables.shape, {}
    for table, where in in_force(tables, period, region, position):
        for number, rows, *fen in connection.execute(_summed(tables, table).where(where)):
            sums = tuple(zip(shape.money, map(int, fen), strict=True))
            totals = Totals(rows=rows, sums=sums, unreadable=tuple((name, 0) for name in shape.money))
            found[number] = found.get(number, Totals.zero(shape.columns)) + totals
    return found


def _summed(tables: FeedTables, table: Table) -> Select[tuple[int, int]]:
    sums = (func.coalesce(func.sum(table.c[name]), 0) for name in tables.shape.money)
    return select(table.c[BATCH], func.count(), *sums).group_by(table.c[BATCH])


def in_force(
    tables: FeedTables, period: str, region: str, position: int
) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Where the rows lie that were in force after line `position` of the ledger."""
    current, history = tables.current, tables.history
    place = Place(tables=tables, region=region, period=period, number=0)
    batches = BATCHES.alias("known")
    known = select(batches.c.number).where(
        batches.c.region == region, batches.c.feed == tables.shape.feed, batches.c.position <= position
    )
    superseded_later = history.c[BATCH].in_(known) & history.c[SUPERSEDED_BY].not_in(known)
    return (
        (current, place.period_in(current) & current.c[BATCH].in_(known)),
        (history, place.period_in(history) & superseded_later),
    )


def _shown(value: object, column: Column) -> str | None:
    if value is None:
        return None
    in_fen = column.type is FieldType.MONEY and isinstance(value, int)
    return mask(to_yuan(value) if in_fen else str(value), column.type)
