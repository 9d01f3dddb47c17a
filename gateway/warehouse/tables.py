"""Tables: one current and one history table for each feed, a stage for a load, and the record of all batches.

Region and period stand in every key, and no key crosses regions, so that a distributed database can take the tables as
they are. This module must never run a load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    inspect,
    true,
)

from gateway.database import KEY_TEXT, Schema, append_only
from gateway.errors import FeedShapeChanged
from gateway.warehouse.shape import FOLD, ROW, FeedShape, Reach, stored_as_integer

_FEED = re.compile(r"[a-z][a-z0-9]*(?:[._][a-z0-9]+)+", re.ASCII)
_MAX_FEED = 48  # PostgreSQL cuts names at 63 bytes
REGION, PERIOD, BATCH, SUPERSEDED_BY = "_region", "_period", "_batch", "_superseded_by"
FATE = "fate"

_ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Of a temporary table: INTEGER PRIMARY KEY is SQLite's own number of a row, and needs no index beside the rows."""

METADATA = MetaData()

BATCHES = Table(
    "batches",
    METADATA,
    Column("region", KEY_TEXT, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # short name of the batch in the feed's tables
    Column("digest", KEY_TEXT, nullable=False),
    Column("batch", Text, nullable=False),
    Column("feed", KEY_TEXT, nullable=False),
    Column("period", KEY_TEXT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("previous", Text),
    Column("reason", Text),
    Column("by", Text),
    Column("released_by", Text),
    Column("order_number", Text, index=True),
    Column("order_uses", BigInteger),
    Column("sent", Text, nullable=False),
    Column("set_aside", BigInteger, nullable=False),
    Column("landed_at", Text, nullable=False),
    Column("accepted_at", Text, nullable=False),
    Column("counted", Text, nullable=False),
    Column("loaded", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("duplicate", Text, nullable=False),
    Column("added", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("replaced", Text, nullable=False),
    Column("removed", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("superseded", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    UniqueConstraint("digest", "region"),
    UniqueConstraint("region", "feed", "period", "revision"),
)
append_only(BATCHES)

SCHEMA = Schema(name="warehouse", head="0001", metadata=METADATA, scripts=Path(__file__).parent / "migrations")


@dataclass(frozen=True, kw_only=True)
class FeedTables:
    """The tables of one feed.

    Attributes:
        current: what is believed now; key is region, period and the feed's own key.
        history: superseded rows, with the number of the batch that superseded each.
        stage: rows of a load on their way, in a temporary table.
        judged: of these, the row numbers whose fate is not to be a duplicate of a row that is held; temporary too.
    """

    shape: FeedShape
    current: Table
    history: Table
    stage: Table
    judged: Table

    @classmethod
    def of(cls, shape: FeedShape) -> FeedTables:
        """Describe the tables. Raises FeedShapeChanged when the feed's id gives no safe, unambiguous name."""
        if not _FEED.fullmatch(shape.feed) or len(shape.feed) > _MAX_FEED:
            raise FeedShapeChanged(feed=shape.feed, field="id")
        name = shape.feed.replace(".", "__")  # an id has no double underscore, so no two feeds share a name
        metadata = MetaData()
        lineage = [(BATCH, BigInteger), (ROW, BigInteger)]
        return cls(
            shape=shape,
            current=Table(
                f"current__{name}",
                metadata,
                *(Column(place, KEY_TEXT) for place in (REGION, PERIOD)),
                *(Column(column, kind, nullable=False) for column, kind in lineage),
                *_stored_columns(shape),
                PrimaryKeyConstraint(REGION, PERIOD, *shape.stored_key),
            ),
            history=Table(
                f"history__{name}",
                metadata,
                *(Column(place, KEY_TEXT, primary_key=True) for place in (REGION, PERIOD)),
                *(Column(c, kind, primary_key=True, autoincrement=False) for c, kind in lineage),
                *_stored_columns(shape),
                Column(SUPERSEDED_BY, BigInteger, nullable=False),
                Index(f"superseded__{name}", REGION, SUPERSEDED_BY),
            ),
            stage=Table(
                f"stage__{name}",
                MetaData(),
                Column(ROW, _ROW_NUMBER, primary_key=True, autoincrement=False),
                *_stored_columns(shape),
                prefixes=["TEMPORARY"],
            ),
            judged=Table(
                f"judged__{name}",
                MetaData(),
                Column(ROW, _ROW_NUMBER, primary_key=True, autoincrement=False),
                Column(FATE, Text, nullable=False),
                prefixes=["TEMPORARY"],
            ),
        )

    def make(self, connection: Connection) -> None:
        """Create what is missing; what is there must be what the catalogue says. Raises FeedShapeChanged."""
        self.current.metadata.create_all(connection)
        for table in (self.current, self.history):
            self._require_same(connection, table)

    def present(self, connection: Connection) -> bool:
        """Whether both tables exist and are as the catalogue says. Raises FeedShapeChanged."""
        inspector = inspect(connection)
        if not (inspector.has_table(self.current.name) and inspector.has_table(self.history.name)):
            return False
        for table in (self.current, self.history):
            self._require_same(connection, table)
        return True

    def same_key(self, left: FromClause, right: FromClause) -> ColumnElement[bool]:
        """Rows that are records of the same thing."""
        return and_(true(), *(left.c[name] == right.c[name] for name in self.shape.stored_key))

    def same_content(self, left: Table, right: Table) -> ColumnElement[bool]:
        """Rows of one key that say the same, null being equal to null."""
        rest = [c.name for c in self.shape.columns if c.name not in self.shape.key]
        return and_(true(), *(left.c[name].is_not_distinct_from(right.c[name]) for name in rest))

    def _require_same(self, connection: Connection, table: Table) -> None:
        found = inspect(connection)
        there = [(c["name"], _plain(str(c["type"]))) for c in found.get_columns(table.name)]
        wanted = [(c.name, _plain(c.type.compile(connection.dialect))) for c in table.columns]
        for position, column in enumerate(wanted):
            if there[position : position + 1] != [column]:
                raise FeedShapeChanged(feed=self.shape.feed, field=column[0])
        if len(there) > len(wanted):
            raise FeedShapeChanged(feed=self.shape.feed, field=there[len(wanted)][0])
        if found.get_pk_constraint(table.name)["constrained_columns"] != [c.name for c in table.primary_key.columns]:
            raise FeedShapeChanged(feed=self.shape.feed, field="key")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the rows of one batch are: the feed's tables, the region and period, and the batch's number.

    A number is the beginning of the manifest's digest, so that every receiver gives a batch the same one.
    """

    tables: FeedTables
    region: str
    period: str
    number: int

    def period_in(self, table: Table) -> ColumnElement[bool]:
        """Rows of this region and period, whichever batch they came with."""
        return and_(table.c[REGION] == self.region, table.c[PERIOD] == self.period)

    def reached_in(self, table: Table) -> ColumnElement[bool]:
        """Rows among which a record of this batch may be found again."""
        return self.period_in(table) if self.tables.shape.reach is Reach.PERIOD else table.c[REGION] == self.region

    def batch_in(self, table: Table) -> ColumnElement[bool]:
        """Rows this batch put in."""
        return and_(self.period_in(table), table.c[BATCH] == self.number)


def number_of(digest: str) -> int:
    """The short name of a batch in the feed's tables: 60 bits of its manifest's digest (two alike are refused)."""
    return int(digest[:15], 16)


def _plain(kind: str) -> str:
    """A type's name without its collation, which databases do not report alike."""
    return kind.split()[0]


def _stored_columns(shape: FeedShape) -> Iterator[Column[object]]:
    """The folded columns, and the feed's as they are stored."""
    for name in shape.folded:
        yield Column(FOLD + name, KEY_TEXT)
    for field in shape.columns:
        yield Column(field.name, BigInteger if stored_as_integer(field) else KEY_TEXT, autoincrement=False)
