"""Small feeds whose records may order removals, loads of them, and what a dictionary would make of the same loads.

Each test takes a region of its own, so that one warehouse serves many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pyarrow as pa

from gateway.catalogue import Operation
from gateway.records.totals import Totals
from gateway.records.types import Column, FieldType, target_schema
from gateway.warehouse import BatchFacts, FeedShape, LoadResult, OrderUse, Reach, Warehouse
from tests.warehouse.feeds import Notary

BEGAN = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
COLUMNS = (
    Column(name="no", type=FieldType.CODE, required=True),
    Column(name="op", type=FieldType.CODE),
    Column(name="grade", type=FieldType.CODE),
    Column(name="amount", type=FieldType.MONEY),
    Column(name="fee", type=FieldType.MONEY),
)
SCHEMA = target_schema(COLUMNS)
DELETE = Operation(field="op", delete=("D", "3"))
SNAPSHOT = FeedShape(feed="civil.whole", columns=COLUMNS, key=("no",), amount="amount")
FLAGGED = replace(SNAPSHOT, feed="civil.whole_flagged", operation=DELETE)
INCREMENT = replace(SNAPSHOT, feed="civil.portions", reach=Reach.FEED)
PORTIONS = replace(INCREMENT, feed="civil.portions_flagged", operation=DELETE)
SHAPES = (SNAPSHOT, FLAGGED, INCREMENT, PORTIONS)

_regions = count(430_000)

Values = tuple[str | None, str | None, int | None, int | None]
"""op, grade, amount and fee in fen."""


@dataclass(frozen=True)
class Row:
    """One record; amounts in fen."""

    no: str
    op: str | None = None
    grade: str | None = "A"
    amount: int | None = 100
    fee: int | None = 1

    @property
    def values(self) -> Values:
        return self.op, self.grade, self.amount, self.fee


def batch(rows: Sequence[Row]) -> pa.RecordBatch:
    plain = [(row.no, row.op, row.grade, _yuan(row.amount), _yuan(row.fee)) for row in rows]
    columns = [[one[place] for one in plain] for place in range(len(SCHEMA))]
    return pa.RecordBatch.from_arrays([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA.names)


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)


@dataclass(kw_only=True)
class Sender:
    """Sends revisions of one feed from one region into a warehouse, a minute apart, and knows how many there were."""

    warehouse: Warehouse
    shape: FeedShape
    region: str = field(default_factory=lambda: str(next(_regions)))
    at: datetime = BEGAN
    digests: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.warehouse.prepare(self.shape)

    def facts(self, rows: Sequence[Row], period: str = "2026-10", **changes: object) -> BatchFacts:
        """What the next revision of a period would say of these rows."""
        revision = 1 + sum(sent == period for sent, _ in self.digests)
        facts = BatchFacts(
            digest=hashlib.sha256(f"{self.shape.feed} {self.region} {period} {revision}".encode()).hexdigest(),
            batch=f"{self.shape.feed}/{period}/r{revision}",
            region=self.region,
            feed=self.shape.feed,
            period=period,
            revision=revision,
            kind="data" if revision == 1 else "correction",
            sender="civil",
            previous=self.digests.get((period, revision - 1)),
            sent=Totals.of(batch(rows), COLUMNS),
            set_aside=0,
            landed_at=self.at,
            accepted_at=self.at,
            reason=None if revision == 1 else f"更正{revision}",
            by=None if revision == 1 else "p001",
        )
        return replace(facts, **changes)

    def send(self, rows: Sequence[Row], period: str = "2026-10", **changes: object) -> LoadResult:
        """Load the next revision of a period, a minute later than the last."""
        self.at += timedelta(minutes=1)
        facts, notary = self.facts(rows, period, **changes), Notary()
        self.warehouse.load(facts, [batch(rows[:3]), batch(rows[3:])], notary)
        self.digests[period, facts.revision] = facts.digest
        return notary.results[0]

    def believed(self, period: str = "2026-10", at: datetime | None = None) -> dict[str, Values]:
        """What `asof` says of a period: number -> values. Codes and amounts are shown as they are."""
        held = self.warehouse.asof(self.shape.feed, period, at or self.at, self.region)
        rows = list(self.warehouse.masked_rows(held))
        assert len(rows) == held.totals.rows == sum(one.totals.rows for one in held.contributions)
        believed = {no: (op, grade, _fen(amount), _fen(fee)) for no, op, grade, amount, fee in (r.values for r in rows)}
        assert [no for no, *_ in (row.values for row in rows)] == sorted(believed)
        for place, name in ((2, "amount"), (3, "fee")):
            assert dict(held.totals.sums)[name] == sum(values[place] or 0 for values in believed.values())
        return believed


def _fen(yuan: str | None) -> int | None:
    return None if yuan is None else int(Decimal(yuan).scaleb(2))


def order(number: str = "整改〔2026〕3号", uses: int = 1) -> OrderUse:
    return OrderUse(number=number, uses=uses)


@dataclass(kw_only=True)
class Model:
    """The rules in plain dictionaries: (period, number) -> values, before and after each load."""

    shape: FeedShape
    held: dict[tuple[str, str], Values] = field(default_factory=dict)
    duplicate: int = 0
    problem: int = 0

    def load(self, rows: Sequence[Row], period: str) -> dict[tuple[str, str], Values]:
        """What is held after a load; `duplicate` and `problem` are those of this load."""
        before, after, firsts = dict(self.held), dict(self.held), {}
        self.duplicate = self.problem = 0
        for row in rows:
            first = firsts.setdefault(row.no, row)
            if first is not row:
                self.duplicate += first == row
                self.problem += first != row
        for row in firsts.values():
            self._take(row, period, before, after)
        if self.shape.reach is Reach.PERIOD:
            after = {(p, no): v for (p, no), v in after.items() if p != period or no in firsts}
        self.held = after
        return after

    def _take(self, row: Row, period: str, before: dict, after: dict) -> None:
        whole = self.shape.reach is Reach.PERIOD
        met = sorted(p for p, no in before if no == row.no and (p == period if whole else p <= period))
        if self.shape.operation and row.op in self.shape.operation.delete:
            self.duplicate += not met
            for one in met:
                del after[one, row.no]
        elif met and before[met[-1], row.no] == row.values:
            self.duplicate += 1
        else:
            after[period, row.no] = row.values
