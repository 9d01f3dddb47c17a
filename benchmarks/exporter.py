"""What a scrape costs: reports, never asserts.

`.venv/bin/python -m benchmarks.exporter --feeds 2000 --periods 24`: a centre on SQLite whose feeds each have that many
monthly periods in its records and its ledger (admitted, loaded), in good order; the newest ended period has come for
two feeds in three. Prints how long the catalogue takes to read, as any command reads it; how long an exporter that
starts takes until its board answers (catalogue, history, all rows judged); and then what a scrape costs, with and
without a delivery in between: the whole text of `/metrics`, connection not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert, update

from gateway.app import CentreNode, open_node
from gateway.calendar import Period
from gateway.database import writing
from gateway.ledger import Detail, Event, EventKind, Line
from gateway.ledger.table import HEAD, LEDGER
from gateway.records.totals import Totals
from gateway.spool import Spool
from gateway.warehouse import BatchFacts, Effect, LoadResult, record
from gateway.warehouse.tables import BATCHES, number_of
from monitoring.exporter.exporter import Exporter
from monitoring.exporter.running import exporter_of
from monitoring.exporter.verification import Verification
from monitoring.exporter.watch import Watch
from tests.monitoring.exporter_county import ENVIRON, at, write_keys, write_site

LAST = Period.parse("2026-10")
DEPARTMENTS = ("civil", "finance", "police")
_T = TypeVar("_T")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--periods", type=int, default=24)
    parser.add_argument("--scrapes", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "centre")
        _measure("the county is made", lambda: make(site, given.feeds, given.periods))
        _measure("the catalogue is read", lambda: open_node(site, ENVIRON).catalogue)
        watch, log = Watch(site, ENVIRON), logging.getLogger("benchmark")
        exporter = exporter_of(watch, Verification(watch, timedelta(days=1), log, "en"), log, "en")
        _measure("start, until the board answers", lambda: _until_read(exporter))
        for _ in range(given.scrapes):
            said = _measure("scrape, nothing new", exporter.text)
        deliver(site, "civil.feed0", LAST.next())
        _measure("scrape, one delivery more", exporter.text)
        print(f"{said.count(b'yizhan_'):,} lines, {len(said):,} bytes, {given.feeds * given.periods:,} deliveries")
        watch.close()


def make(site: Path, feeds: int, count: int) -> None:
    """A centre with that history."""
    first = LAST
    for _ in range(count - 1):
        first = first.previous()
    names = [(f"{DEPARTMENTS[i % 3]}.feed{i}", f"事项{i}", DEPARTMENTS[i % 3]) for i in range(feeds)]
    write_site(site, "centre", [(*name, "month_end", str(first)) for name in names])
    write_keys(site)
    Spool(site / "spool")
    _enter(site, (one for i, (name, _, sender) in enumerate(names) for one in _history(name, sender, first, i)))


def deliver(site: Path, feed: str, period: Period) -> None:
    """One delivery more, by another process' doing."""
    _enter(site, [_facts(feed, feed.partition(".")[0], period, at("2026-11-28T09:00"))])


def _history(feed: str, sender: str, first: Period, number: int) -> Iterator[BatchFacts]:
    period = first
    while period.start <= LAST.start:
        if period != LAST or number % 3:
            accepted = datetime.combine(period.end, datetime.min.time(), at(ENVIRON["YIZHAN_NOW"][:16]).tzinfo)
            yield _facts(feed, sender, period, accepted + timedelta(days=number % 20, hours=number % 24))
        period = period.next()


def _facts(feed: str, sender: str, period: Period, accepted: datetime) -> BatchFacts:
    batch = f"{feed}/{period}/r1"
    return BatchFacts(
        digest=hashlib.sha256(batch.encode()).hexdigest(), batch=batch, region="430482", feed=feed, period=str(period),
        revision=1, kind="data", sender=sender, previous=None, sent=_totals(), set_aside=1,
        landed_at=accepted - timedelta(hours=1), accepted_at=accepted, by="p001",
    )  # fmt: skip


def _totals(rows: int = 100, fen: int = 12_345) -> Totals:
    return Totals(rows=rows, sums=(("money", fen),), unreadable=(("money", 0),))


def _enter(site: Path, batches: Iterator[BatchFacts] | list[BatchFacts]) -> None:
    """Records and ledger lines as loads leave them, without any rows; the ledger verifies."""
    node = open_node(site, ENVIRON)
    assert isinstance(node, CentreNode)
    node.presence.hear("civil", at("2026-11-28T09:00"), None)
    nothing = _totals(0, 0)
    effect = Effect(added=_totals(), changed=nothing, replaced=nothing, removed=nothing)
    result = LoadResult(counted=_totals(), loaded=_totals(), problem=nothing, duplicate=nothing, effect=effect)
    with writing(node.warehouse._engine) as connection:
        head = node.ledger.head(connection)
        lines, records = [], []
        position, known = head.position, head.hash
        for one in batches:
            for kind in (EventKind.ADMITTED, EventKind.LOADED):
                event = Event(
                    at=one.accepted_at, kind=kind, batch=one.batch, feed=one.feed, period=one.period, revision=1,
                    digest=one.digest, by="p001", detail=Detail(department=one.sender, skew=1_000),
                )  # fmt: skip
                line = Line.after(position, known, site.name, event)
                position, known = line.seq, line.hash
                lines.append(asdict(line))
            columns = record.encode(one, result, number_of(one.digest), b"", b"")
            records.append(columns | {"position": position, "head": known, "receipt": b"receipt"})
        connection.execute(insert(LEDGER), lines)
        connection.execute(insert(BATCHES), records)
        connection.execute(update(HEAD).values(seq=position, hash=known))
    node.database.dispose()


def _until_read(exporter: Exporter) -> None:
    """Scrapes until the board answers; a scrape that comes before says of it that it did not."""
    while b'yizhan_exporter_source_success{source="board"} 1.0' not in exporter.text():
        time.sleep(0.1)


def _measure(name: str, act: Callable[[], _T]) -> _T:
    began = time.perf_counter()
    came = act()
    print(f"{name:32}{time.perf_counter() - began:>10.3f} s", flush=True)
    return came


if __name__ == "__main__":
    main()
