"""Merging load: a revision onto a region and period that has rows.

Rows are staged, compared with the current ones by key, and only what differs is written: the old row goes to the
history, the new one takes its place. It must never remove a row because a payload does not mention it: what absence
means is for the corrections to say (an increment says nothing by it), and until they do such rows stay as they are.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Index, MetaData, case, exists, func, insert, literal, select

from gateway.ledger.database import upsert
from gateway.records.totals import Totals
from gateway.warehouse.facts import Outcome
from gateway.warehouse.intake import Intake, insert_all
from gateway.warehouse.reading import content_of, totals_of
from gateway.warehouse.shape import ROW, Reach
from gateway.warehouse.tables import BATCH, FATE, PERIOD, REGION, SUPERSEDED_BY, FeedTables, Place

DUPLICATE, PROBLEM = "duplicate", "problem"


def load_merging(connection: Connection, place: Place, intake: Intake) -> Outcome:
    """Stage every piece, judge each row once, then write only what is new or different."""
    tables = place.tables
    for temporary in (tables.stage, tables.judged):
        temporary.create(connection)
    for piece in intake.pieces():
        insert_all(connection, tables.stage.insert(), {}, piece.stored)
    _index(connection, tables)
    _judge_repeated(connection, tables)
    _judge_unchanged(connection, place)
    duplicate, problem = (_judged_totals(connection, tables, fate) for fate in (DUPLICATE, PROBLEM))
    changed = _supersede(connection, place)
    _write(connection, place)
    for temporary in (tables.stage, tables.judged):
        temporary.drop(connection)
    return Outcome(duplicate=duplicate, problem=problem, changed=changed, content=content_of(connection, place))


def _index(connection: Connection, tables: FeedTables) -> None:
    """Only once the rows are in: in one sorted pass instead of row by row."""
    stage = tables.stage.to_metadata(MetaData())  # a copy, since an index stays with the table it is described on
    Index(f"{stage.name}__key", *(stage.c[name] for name in tables.shape.key)).create(connection)


def _judge_repeated(connection: Connection, tables: FeedTables) -> None:
    """Rows whose key came earlier in this payload: duplicates of that first row, or problems if they differ from it."""
    stage, key = tables.stage, [tables.stage.c[name] for name in tables.shape.key]
    firsts = select(func.min(stage.c[ROW]).label(ROW)).group_by(*key).having(func.count() > 1).subquery()
    first = stage.alias("first")
    fate = case((tables.same_content(stage, first), DUPLICATE), else_=PROBLEM)
    again = (
        select(stage.c[ROW], fate)
        .select_from(firsts.join(first, first.c[ROW] == firsts.c[ROW]).join(stage, tables.same_key(stage, first)))
        .where(stage.c[ROW] != first.c[ROW])
    )
    connection.execute(insert(tables.judged).from_select([ROW, FATE], again))


def _judge_unchanged(connection: Connection, place: Place) -> None:
    """Rows that say what is believed already: in this period or, of an increment, in the last one before it."""
    tables, stage, current = place.tables, place.tables.stage, place.tables.current
    here = (current.c[REGION] == place.region) & (current.c[PERIOD] == _last_period(connection, place))
    held = stage.join(current, here & tables.same_key(stage, current))
    same = select(stage.c[ROW], literal(DUPLICATE)).select_from(held)
    unchanged = same.where(tables.same_content(stage, current), _unjudged(tables))
    connection.execute(insert(tables.judged).from_select([ROW, FATE], unchanged))


def _last_period(connection: Connection, place: Place) -> ColumnElement[str]:
    """The period, up to this one, in which a staged row's key stands last; written periods sort as they follow."""
    if place.tables.shape.reach is Reach.PERIOD:
        return literal(place.period)
    tables, older = place.tables, place.tables.current.alias("older")
    held = select(older.c[PERIOD]).where(older.c[REGION] == place.region, older.c[PERIOD] <= place.period).distinct()
    periods = connection.execute(held).scalars().all()  # named one by one, so that each is a search by the primary key
    found = (older.c[REGION] == place.region) & older.c[PERIOD].in_(periods) & tables.same_key(tables.stage, older)
    return select(func.max(older.c[PERIOD])).where(found).correlate(tables.stage).scalar_subquery()


def _unjudged(tables: FeedTables) -> ColumnElement[bool]:
    return ~exists().where(tables.judged.c[ROW] == tables.stage.c[ROW])


def _judged_totals(connection: Connection, tables: FeedTables, fate: str) -> Totals:
    judged = select(tables.judged.c[ROW]).where(tables.judged.c[FATE] == fate)
    return totals_of(connection, tables.shape, tables.stage, tables.stage.c[ROW].in_(judged))


def _supersede(connection: Connection, place: Place) -> int:
    """Copy to the history the rows about to be replaced; how many."""
    tables, stage, current = place.tables, place.tables.stage, place.tables.current
    names = [column.name for column in current.columns]
    here = place.period_in(current) & tables.same_key(stage, current)
    old = select(*(current.c[name] for name in names), literal(place.number)).select_from(stage).join(current, here)
    statement = insert(tables.history).from_select([*names, SUPERSEDED_BY], old.where(_unjudged(tables)))
    return connection.execute(statement).rowcount


def _write(connection: Connection, place: Place) -> None:
    """Put the staged rows in place."""
    stage, current = place.tables.stage, place.tables.current
    names = [column.name for column in stage.columns]
    new = select(
        literal(place.region), literal(place.period), literal(place.number), *(stage.c[name] for name in names)
    ).where(_unjudged(place.tables))
    statement = upsert(current).from_select([REGION, PERIOD, BATCH, *names], new)
    replaced = {name: statement.excluded[name] for name in (BATCH, *names)}
    connection.execute(statement.on_conflict_do_update(index_elements=current.primary_key.columns, set_=replaced))
