"""Removal: the rows a revision takes out of what is believed. They go to the history; nothing is ever deleted there.

A snapshot is its whole period: what a revision does not contain is removed, were it only because the row was set aside
as a problem row this time. An increment removes nothing by absence: only a record whose operation field orders it does,
in this period and in all before it, so that no older version of the record comes back. A row that orders a removal
stays in the history as its own tombstone, superseded by its own batch; if there is nothing to remove, it is a
duplicate. It must never judge what a row says: see `judging`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, literal, select, tuple_

from gateway.records.totals import Totals
from gateway.warehouse.facts import less
from gateway.warehouse.history import superseded_by
from gateway.warehouse.judging import Fate, Judgement, periods_reached, with_fate
from gateway.warehouse.reading import count, totals_of
from gateway.warehouse.shape import Reach
from gateway.warehouse.tables import BATCH, PERIOD, REGION, SUPERSEDED_BY, Place


def supersede(connection: Connection, place: Place, judgement: Judgement) -> tuple[Totals, Totals]:
    """Move to the history what is replaced and what is removed: the totals of each, as they lie there."""
    if judgement.totals[Fate.CHANGED].rows:
        _move(connection, place, place.period_in(place.tables.current) & _named(place, Fate.CHANGED))
    replaced = _moved(connection, place)
    for gone in _gone(connection, place, judgement):
        _move(connection, place, gone)
    return replaced, less(_moved(connection, place), replaced)


def bury(connection: Connection, place: Place, judgement: Judgement) -> None:
    """Keep the rows that ordered a removal, in the history."""
    if not judgement.totals[Fate.DELETE].rows:
        return
    tables, stage = place.tables, place.tables.stage
    names = [column.name for column in stage.columns]
    lineage = (literal(value) for value in (place.region, place.period, place.number))
    orders = select(*lineage, *(stage.c[name] for name in names), literal(place.number))
    columns = [REGION, PERIOD, BATCH, *names, SUPERSEDED_BY]
    connection.execute(insert(tables.history).from_select(columns, orders.where(with_fate(tables, Fate.DELETE))))


def _gone(connection: Connection, place: Place, judgement: Judgement) -> Iterator[ColumnElement[bool]]:
    """Of what is not replaced: rows absent from a snapshot, and rows ordered away."""
    tables, current = place.tables, place.tables.current
    if tables.shape.reach is Reach.PERIOD:
        held = place.period_in(current)
        if count(connection, current, held) > judgement.met:  # else every one was met, and none need be looked for
            yield held & ~exists().where(tables.same_key(tables.stage, current))
    if judgement.totals[Fate.DELETE].rows:
        yield periods_reached(connection, place, current) & _named(place, Fate.DELETE)


def _named(place: Place, fate: Fate) -> ColumnElement[bool]:
    """Current rows with the key of a staged row of this fate."""
    tables, names = place.tables, place.tables.shape.stored_key
    keys = select(*(tables.stage.c[name] for name in names)).where(with_fate(tables, fate))
    return tuple_(*(tables.current.c[name] for name in names)).in_(keys)


def _move(connection: Connection, place: Place, gone: ColumnElement[bool]) -> None:
    """From the current table to the history. What goes is told by the stage both times, for it has statistics and an
    index of its keys: of what the history just got, a planner knows nothing, and may walk it for each row.
    """
    tables, current = place.tables, place.tables.current
    names = [column.name for column in current.columns]
    old = select(*(current.c[name] for name in names), literal(place.number)).where(gone)
    connection.execute(insert(tables.history).from_select([*names, SUPERSEDED_BY], old))
    connection.execute(delete(current).where(gone))


def _moved(connection: Connection, place: Place) -> Totals:
    return totals_of(connection, place.tables.shape, place.tables.history, superseded_by(place))
