"""Judging: what becomes of each staged row, found in one pass over the stage and what is held.

A payload says one thing of a key: the first row of it counts, whatever it says, and a later one that differs is a
problem row. Never the later one: an order of rows that no source promises would decide. Only what is not so already is
written down: a staged row without a fate says what is believed. It must never touch a feed's tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Index,
    MetaData,
    and_,
    case,
    exc,
    exists,
    false,
    func,
    insert,
    literal,
    select,
)

from gateway.database import gather_statistics
from gateway.records.totals import Totals
from gateway.warehouse.reading import exact_sums, span_of, summed
from gateway.warehouse.shape import ROW, Reach
from gateway.warehouse.tables import BATCH, FATE, PERIOD, REGION, FeedTables, Place


class Fate(StrEnum):
    """What becomes of a staged row."""

    NEW = "new"  # no row of its key is held in this period
    CHANGED = "changed"  # it takes the place of one
    DELETE = "delete"  # it orders the removal of what is held
    UNCHANGED = "unchanged"  # it says what is held; never written down
    DUPLICATE = "duplicate"  # an earlier row said it, or it orders the removal of nothing
    PROBLEM = "problem"


WRITTEN = (Fate.NEW, Fate.CHANGED)
LOADED = frozenset({*WRITTEN, Fate.DELETE})


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """All staged rows, by what becomes of them.

    Attributes:
        totals: of each fate.
        whole, mixed: spans of rows (see Content) that are loaded to the last row, and in part.
    """

    totals: Mapping[Fate, Totals]
    whole: frozenset[int]
    mixed: tuple[int, ...]

    @property
    def duplicate(self) -> Totals:
        """Rows that say what is so already."""
        return self.totals[Fate.UNCHANGED] + self.totals[Fate.DUPLICATE]

    @property
    def met(self) -> int:
        """Rows that are held and not replaced of which a staged row speaks: each is spoken of by one, since of a key
        the first row counts.
        """
        return self.totals[Fate.UNCHANGED].rows + self.totals[Fate.DELETE].rows


def judge(connection: Connection, place: Place) -> Judgement:
    """Give every staged row its fate, and add up."""
    tables = place.tables
    gather_statistics(connection, tables.stage)
    index, unique_index = _key_indexes(tables)
    try:
        with connection.begin_nested():  # whether a key is repeated is asked by the way, for usually none is
            unique_index.create(connection)
    except exc.IntegrityError:
        index.create(connection)
        _judge_repeated(connection, tables)
    _judge_firsts(connection, place)
    gather_statistics(connection, tables.judged)
    return _added_up(connection, tables)


def with_fate(tables: FeedTables, *fates: Fate) -> ColumnElement[bool]:
    """Of the stage joined with what was judged."""
    return (tables.judged.c[ROW] == tables.stage.c[ROW]) & tables.judged.c[FATE].in_([fate.value for fate in fates])


def periods_reached(connection: Connection, place: Place, table: FromClause) -> ColumnElement[bool]:
    """Rows among which a record of this batch is looked for: its own period or, of an increment, all up to it."""
    if place.tables.shape.reach is Reach.PERIOD:
        return and_(table.c[REGION] == place.region, table.c[PERIOD] == place.period)
    current = place.tables.current
    held = select(current.c[PERIOD]).where(current.c[REGION] == place.region, current.c[PERIOD] <= place.period)
    periods = connection.execute(held.distinct()).scalars().all()
    # named one by one, so that each is a search by the primary key
    return and_(table.c[REGION] == place.region, table.c[PERIOD].in_(periods))


def _key_indexes(tables: FeedTables) -> tuple[Index, Index]:
    """A plain and a unique one, to be made only once the rows are in: in one sorted pass instead of row by row."""
    stage = tables.stage.to_metadata(MetaData())  # a copy, since an index stays with the table it is described on
    key = [stage.c[name] for name in tables.shape.stored_key]
    return Index(f"{stage.name}__key", *key), Index(f"{stage.name}__one", *key, unique=True)


def _judge_repeated(connection: Connection, tables: FeedTables) -> None:
    """Rows whose key came earlier in this payload: duplicates of that first row, or problems if they differ from it."""
    stage, key = tables.stage, [tables.stage.c[name] for name in tables.shape.stored_key]
    firsts = select(func.min(stage.c[ROW]).label(ROW)).group_by(*key).having(func.count() > 1).subquery()
    first = stage.alias("first")
    fate = case((tables.same_content(stage, first), Fate.DUPLICATE.value), else_=Fate.PROBLEM.value)
    again = (
        select(stage.c[ROW], fate)
        .select_from(firsts.join(first, first.c[ROW] == firsts.c[ROW]).join(stage, tables.same_key(stage, first)))
        .where(stage.c[ROW] != first.c[ROW])
    )
    connection.execute(insert(tables.judged).from_select([ROW, FATE], again))


def _judge_firsts(connection: Connection, place: Place) -> None:
    """All others, each beside the row that is believed of its key: of this period or, of an increment, of the last one
    up to it.
    """
    tables, stage, current = place.tables, place.tables.stage, place.tables.current
    believed = (current.c[REGION] == place.region) & (current.c[PERIOD] == _last_period(connection, place))
    pairs = stage.outerjoin(current, believed & tables.same_key(stage, current))
    held, orders = current.c[BATCH].is_not(None), _orders_removal(tables)
    fate = case(
        (orders & held, Fate.DELETE.value),
        (orders, Fate.DUPLICATE.value),
        (held & (current.c[PERIOD] == place.period), Fate.CHANGED.value),
        else_=Fate.NEW.value,
    )
    unchanged = held & ~orders & tables.same_content(stage, current)
    judged_already = exists().where(tables.judged.c[ROW] == stage.c[ROW])
    firsts = select(stage.c[ROW], fate).select_from(pairs).where(~unchanged, ~judged_already)
    connection.execute(insert(tables.judged).from_select([ROW, FATE], firsts))


def _orders_removal(tables: FeedTables) -> ColumnElement[bool]:
    if tables.shape.operation is None:
        return false()
    operation = tables.stage.c[tables.shape.operation.field]
    return and_(operation.is_not(None), operation.in_(tables.shape.operation.delete))


def _last_period(connection: Connection, place: Place) -> ColumnElement[str]:
    """The period, up to this one, in which a staged row's key stands last; written periods sort as they follow."""
    if place.tables.shape.reach is Reach.PERIOD:
        return literal(place.period)
    tables, older = place.tables, place.tables.current.alias("older")
    found = periods_reached(connection, place, older) & tables.same_key(tables.stage, older)
    return select(func.max(older.c[PERIOD])).where(found).correlate(tables.stage).scalar_subquery()


def _added_up(connection: Connection, tables: FeedTables) -> Judgement:
    """One pass over the stage: rows and sums of each span and fate."""
    stage, judged, shape = tables.stage, tables.judged, tables.shape
    span, fate = span_of(stage).label("span"), func.coalesce(judged.c[FATE], Fate.UNCHANGED.value)
    both = stage.outerjoin(judged, judged.c[ROW] == stage.c[ROW])
    groups = select(span, fate.label(FATE), *summed(shape, stage)).select_from(both).group_by("span", FATE)
    totals, staged, loaded = dict.fromkeys(Fate, Totals.zero(shape.columns)), Counter[int](), Counter[int]()
    for number, name, *figures in connection.execute(groups):
        some = exact_sums(shape, figures)
        totals[Fate(name)] += some
        staged[number] += some.rows
        loaded[number] += some.rows if name in LOADED else 0
    whole = frozenset(number for number in staged if loaded[number] == staged[number])
    mixed = tuple(sorted(number for number in staged if 0 < loaded[number] < staged[number]))
    return Judgement(totals=totals, whole=whole, mixed=mixed)
