"""Merging load: a revision onto a region and period that has rows, or of a feed whose records order removals.

Rows are staged, each is judged once (see `judging`), and only what differs is written: the old row goes to the history
and out of the current table, the new one into it by a plain INSERT, so that the primary key proves the judgement. It
must never rewrite a row that says what is believed.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, literal, select

from gateway.database import insert_rows
from gateway.warehouse.content import Content, joined
from gateway.warehouse.facts import Outcome
from gateway.warehouse.intake import Intake
from gateway.warehouse.judging import WRITTEN, Fate, Judgement, judge, with_fate
from gateway.warehouse.reading import content_of_spans
from gateway.warehouse.removal import bury, supersede
from gateway.warehouse.tables import BATCH, PERIOD, REGION, Place


def load_merging(connection: Connection, place: Place, intake: Intake) -> Outcome:
    """Stage every piece, judge each row once, then write only what is new or different, and remove what is gone."""
    tables, passed = place.tables, Content()
    for temporary in (tables.stage, tables.judged):
        temporary.create(connection)
    for piece in intake.pieces():
        insert_rows(connection, tables.stage, piece.stored)
        passed.add(piece.stored)
    judgement = judge(connection, place)
    replaced, removed = supersede(connection, place, judgement)
    bury(connection, place, judgement)
    _write(connection, place, judgement)
    for temporary in (tables.stage, tables.judged):
        temporary.drop(connection)
    return Outcome(
        duplicate=judgement.duplicate,
        problem=judgement.totals[Fate.PROBLEM],
        changed=judgement.totals[Fate.CHANGED],
        replaced=replaced,
        removed=removed,
        deletes=judgement.totals[Fate.DELETE],
        content=_content(connection, place, judgement, passed),
    )


def _write(connection: Connection, place: Place, judgement: Judgement) -> None:
    """Put the staged rows in place."""
    if not any(judgement.totals[fate].rows for fate in WRITTEN):
        return
    stage, current = place.tables.stage, place.tables.current
    names = [column.name for column in stage.columns]
    lineage = (literal(value) for value in (place.region, place.period, place.number))
    new = select(*lineage, *(stage.c[name] for name in names)).where(with_fate(place.tables, *WRITTEN))
    connection.execute(insert(current).from_select([REGION, PERIOD, BATCH, *names], new))


def _content(connection: Connection, place: Place, judgement: Judgement, passed: Content) -> bytes:
    """Digests of the loaded rows: of spans that are loaded whole, as they passed; of the others, read back."""
    whole = {span: digest for span, digest in passed.finish().items() if span in judgement.whole}
    return joined(whole | content_of_spans(connection, place, judgement.mixed))
