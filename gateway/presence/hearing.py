"""Who was heard, when, with which clock, and what they last said of themselves.

One short transaction a call; receivers that share a database see the same. What was heard last counts. Must never judge
a report: it keeps what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, select

from gateway.database import reading, settle, upsert, writing
from gateway.errors import HeartbeatMalformed
from gateway.presence.report import Report, encode, parse
from gateway.presence.skew import milliseconds
from gateway.presence.table import PRESENCE, SCHEMA


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The last that a centre heard of one department's front-end.

    Attributes:
        department: id in the catalogue.
        at: when a heartbeat or a submission of it came, by the centre's clock.
        skew: how far its clock was ahead of the centre's then; None: unknown.
        reported_at: when its last heartbeat came; None: it has sent none, only submissions.
        report: that heartbeat; None too where another version of the product wrote one that this one cannot read.
    """

    department: str
    at: datetime
    skew: timedelta | None
    reported_at: datetime | None
    report: Report | None


class Presence:
    """The table in one centre's database. Every call may raise StoreUnavailable, StoreDamaged, StoreForbidden."""

    def __init__(self, engine: Engine) -> None:
        """Raises: what `gateway.database.settle` raises."""
        self._engine = engine
        settle(engine, SCHEMA)

    def hear(self, department: str, at: datetime, skew: timedelta | None, report: Report | None = None) -> None:
        """A heartbeat came at `at`; without a report: a submission, which leaves the last report as it is."""
        said: dict[str, object] = {"at": at.isoformat(), "skew_ms": milliseconds(skew)}
        if report is not None:
            said |= {"reported_at": at.isoformat(), "report": encode(report).decode()}
        with writing(self._engine) as connection:
            row = upsert(connection, PRESENCE).values(department=department, **said)
            connection.execute(row.on_conflict_do_update(index_elements=[PRESENCE.c.department], set_=said))

    def all(self) -> tuple[Heard, ...]:
        """Every department ever heard of here, in the order of their ids."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(PRESENCE).order_by(PRESENCE.c.department)).all()
        return tuple(map(_heard, rows))


def _heard(row: Row[Any]) -> Heard:
    return Heard(
        department=row.department,
        at=datetime.fromisoformat(row.at),
        skew=None if row.skew_ms is None else timedelta(milliseconds=row.skew_ms),
        reported_at=None if row.reported_at is None else datetime.fromisoformat(row.reported_at),
        report=None if row.report is None else _readable(row.report),
    )


def _readable(text: str) -> Report | None:
    try:
        return parse(text.encode())
    except HeartbeatMalformed:
        return None
