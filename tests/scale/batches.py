"""Sealed batches of any feed of the sample, put where a front-end's own collecting would put them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from gateway.app import open_node
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.collect.permit import Permit
from gateway.collect.pouring import Poured, Task
from gateway.collect.sealing import Content, put, seal
from gateway.envelope.manifest import Kind
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealing import new_key
from gateway.journal import enter_missing
from gateway.records.problems import Tally
from gateway.records.stream import RecordWriter
from gateway.records.totals import Totals
from gateway.records.types import Column, target_schema
from gateway.spool import Entry, State


@dataclass(frozen=True, kw_only=True)
class Sown:
    """A batch that lies sealed at its front-end. `text` is how long its texts are, and with that its payload."""

    batch: str
    digest: str
    feed: str
    period: str
    totals: Totals
    entry: Entry

    @property
    def manifest(self) -> bytes:
        return self.entry.manifest

    @property
    def payload(self) -> Path:
        return self.entry.payload


def sow(site: Path, feed_id: str, period: str, rows: int = 40, text: int = 4) -> Sown:
    """Seal a batch of made-up rows at a front-end that has collected nothing else for this period."""
    node = open_node(site, {})
    feed = node.own_feed(feed_id)
    desk = node.desk(feed)
    task = Task(feed=feed, region=node.catalogue.department(feed.department).region, period=Period.parse(period))
    permit = Permit(by=None, order=None, state=State.READY)
    key, commitment = new_key(os.urandom)
    records = _records(feed, rows, text)
    with desk.spool.begin() as draft:
        payload = PayloadWriter(draft.payload, key, os.urandom)
        with payload, RecordWriter(payload, feed.fields) as writer:
            writer.write(records)
        poured = _poured(feed, Totals.of(records, feed.fields))
        content = Content(poured=poured, payload=payload, key=key, commitment=commitment)
        sealed = seal(task, Kind.DATA, None, permit, content, desk)
        put(draft, sealed, permit, poured, desk)
    enter_missing(desk.spool, desk.ledger, desk.clock)
    node.database.dispose()
    return Sown(
        batch=sealed.manifest.batch_id,
        digest=sealed.digest,
        feed=feed_id,
        period=period,
        totals=poured.accepted,
        entry=desk.spool.find(sealed.name),
    )


def periods(feed_id: str) -> Iterator[str]:
    """Periods of the feed's cadence, each once."""
    for year in range(2016, 2026):
        if feed_id == "agri.village_finance":
            yield from (f"{year}Q{quarter}" for quarter in (1, 2, 3, 4))
        else:
            yield from (f"{year}-{month:02}" for month in range(1, 13))


def _poured(feed: Feed, totals: Totals) -> Poured:
    none = Totals.zero(feed.fields)
    return Poured(
        extracted=totals,
        accepted=totals,
        problem=none,
        codes=Tally(),
        declared=None,
        content="0" * 64,
        cursor=None,
        reconciliation=None,
        landed_at=datetime.now(UTC).replace(microsecond=0),
    )


def _records(feed: Feed, rows: int, text: int) -> pa.RecordBatch:
    """Rows whose keys differ; the centre checks a payload's shape, and leaves its meaning to the front-end."""
    chance = random.Random(f"{feed.id} {rows}")
    schema = target_schema(feed.fields)
    lengths = {column.name: 4 if column.name in feed.key else text for column in feed.fields}
    columns = [[_value(one, number, lengths[one.name], chance) for number in range(rows)] for one in feed.fields]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _value(column: Column, number: int, text: int, chance: random.Random) -> object:
    kind = column.arrow
    if pa.types.is_decimal(kind):
        return Decimal(chance.randrange(1, 1_000_000)).scaleb(-kind.scale)
    if pa.types.is_integer(kind):
        return number
    if pa.types.is_date(kind):
        return date(2020, 1, 1) + timedelta(days=number % 1000)
    if pa.types.is_timestamp(kind):
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    if pa.types.is_boolean(kind):
        return number % 2 == 0
    return f"{number}-{chance.randbytes(text).hex()}"
