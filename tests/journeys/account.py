"""What the nodes hold, on either store, read from outside: spools, ledgers and tables, against the source itself."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.calendar import Period
from gateway.envelope.receipt import Receipt, peek
from tests.journeys.stores import entered_by
from tests.journeys.world import CURRENT, FEED, World, outside
from tests.peers.stores import Where, stranger


@dataclass(frozen=True, kw_only=True)
class Written:
    """A ledger line, as far as the tests ask."""

    event: str
    digest: str | None
    code: str | None


def written(site: Path, batch: str | None = None, after: int = 0) -> list[Written]:
    """The ledger's lines after a position, of one batch if it is named."""
    query = f"SELECT event, digest, code FROM ledger WHERE seq > ?{' AND batch = ?' if batch else ''} ORDER BY seq"
    with stranger(_database(site)) as database:
        found = database.execute(query, (after, batch) if batch else (after,)).fetchall()
    return [Written(event=event, digest=digest, code=code) for event, digest, code in found]


def events(site: Path, batch: str) -> list[str]:
    """What the ledger says happened to a batch, in order."""
    return [line.event for line in written(site, batch)]


def position(site: Path) -> int:
    """How long the ledger is."""
    with stranger(_database(site)) as database:
        return database.execute("SELECT COALESCE(MAX(seq), 0) FROM ledger").fetchone()[0]


def entries(site: Path, period: str) -> list[Path]:
    """All that a spool holds of a period, unfinished uploads included."""
    return sorted(path for path in (site / "spool").glob("*/*") if f"{FEED}_{period}_" in path.name)


def states(site: Path, period: str) -> list[str]:
    """The states those are in."""
    return [path.parent.name for path in entries(site, period)]


def held_rows(world: World, period: str | None = None) -> int:
    """Rows of a period in the warehouse, or of all."""
    query = f"SELECT COUNT(*) FROM {CURRENT}{' WHERE _period = ?' if period else ''}"
    return _one(_database(world.centre_site), query, *((period,) if period else ()))


def loads(world: World) -> int:
    """Batches the warehouse has ever committed."""
    return _one(_database(world.centre_site), "SELECT COUNT(*) FROM batches")


def assert_arrived_once(world: World, period: str) -> Receipt:
    """The first revision of a period: loaded once, receipted once, settled at both ends, and equal to the source."""
    batch = f"{FEED}/{period}/r1"
    ours, theirs = entries(world.front_end, period), entries(world.centre_site, period)
    assert [path.parent.name for path in (*ours, *theirs)] == ["done", "done"]
    assert ours[0].name == theirs[0].name
    receipt = (ours[0] / "receipt.p7s").read_bytes()
    assert receipt == (theirs[0] / "receipt.p7s").read_bytes() == _committed_receipt(world, batch)
    assert events(world.centre_site, batch).count("loaded") == 1
    assert events(world.front_end, batch)[-2:] == ["sealed", "receipted"]
    assert events(world.front_end, batch).count("sealed") == events(world.front_end, batch).count("receipted") == 1
    assert not [*world.front_end.glob("spool/partial/draft-*"), *world.centre_site.glob("spool/partial/draft-*")]
    said = peek(receipt)
    _assert_is_the_source(world, period, said)
    assert held_rows(world, period) == said.loaded.rows
    return said


def _assert_is_the_source(world: World, period: str, said: Receipt) -> None:
    days = Period.parse(period)
    query = "SELECT COUNT(*), SUM(sr), SUM(zc) FROM cw_pz WHERE pz_rq >= ? AND pz_rq < ?"
    with outside(world.source) as database:
        rows, income, expense = database.execute(query, (_day(days.start), _day(days.end))).fetchone()
    assert (said.sent.rows, dict(said.sent.sums)) == (rows, {"income": income, "expense": expense})
    assert said.sent == said.loaded + said.problem + said.duplicate
    query = f"SELECT SUM(expense) FROM {CURRENT} WHERE _period = ?"
    assert _one(_database(world.centre_site), query, period) == dict(said.loaded.sums)["expense"]


def _committed_receipt(world: World, batch: str) -> bytes:
    with stranger(_database(world.centre_site)) as database:
        ((receipt,),) = database.execute("SELECT receipt FROM batches WHERE batch = ?", (batch,)).fetchall()
    return receipt


def _day(day: date) -> str:
    return day.isoformat()


def _one(database: Where, query: str, *values: object) -> int:
    with stranger(database) as connection:
        try:
            return connection.execute(query, values).fetchone()[0]
        except sqlite3.OperationalError as missing:
            assert "no such table" in str(missing)  # nothing was ever prepared
            return 0


def _database(site: Path) -> Where:
    return entered_by(site) or site / ("warehouse.db" if site.name.startswith("centre") else "ledger.db")
