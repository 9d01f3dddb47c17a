"""Straight load: into a region and period that has no rows yet, without a stage.

The usual case, and the fastest: rows go into the current table as they come, and only keys that turn out to be there
already are looked at again. It must never be used where rows of another batch are present.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.database import empty, insert_new_rows, insert_rows
from gateway.records.totals import Totals
from gateway.warehouse.content import Content, joined
from gateway.warehouse.facts import Outcome
from gateway.warehouse.intake import Intake, Piece
from gateway.warehouse.shape import ROW
from gateway.warehouse.tables import BATCH, PERIOD, REGION, Place


def load_straight(connection: Connection, place: Place, intake: Intake) -> Outcome:
    """Load every piece; a repeated key is a duplicate if its row is identical, else a problem. First come, first in."""
    tables, nothing = place.tables, Totals.zero(place.tables.shape.columns)
    duplicate, problem, content = nothing, nothing, Content()
    tables.stage.create(connection)
    for piece in intake.pieces():
        identical, differing = _insert(connection, place, piece)
        duplicate += intake.totals(piece.among(identical).came)
        problem += intake.totals(piece.among(differing).came)
        content.add(piece.without(identical | differing).stored)
    tables.stage.drop(connection)
    return Outcome(
        duplicate=duplicate,
        problem=problem,
        changed=nothing,
        replaced=nothing,
        removed=nothing,
        deletes=nothing,
        content=joined(content.finish()),
    )


def _insert(connection: Connection, place: Place, piece: Piece) -> tuple[set[int], set[int]]:
    """Row numbers that did not go in: identical to the row with their key, and differing from it."""
    current, stage = place.tables.current, place.tables.stage
    fixed = {REGION: place.region, PERIOD: place.period, BATCH: place.number}
    if insert_new_rows(connection, current, stage, fixed, piece.stored) == piece.stored.num_rows:
        return set(), set()
    return _clashes(connection, place, piece)


def _clashes(connection: Connection, place: Place, piece: Piece) -> tuple[set[int], set[int]]:
    tables, current, stage = place.tables, place.tables.current, place.tables.stage
    insert_rows(connection, stage, piece.stored)
    earlier = place.period_in(current) & tables.same_key(stage, current) & (stage.c[ROW] != current.c[ROW])
    # looked up row by row: of a join, a planner without statistics may walk the whole period for each staged row
    same = select(tables.same_content(stage, current)).where(earlier).correlate(stage).scalar_subquery()
    found = connection.execute(select(stage.c[ROW], same).where(same.is_not(None))).all()
    empty(connection, stage)
    return {row for row, same in found if same}, {row for row, same in found if not same}
