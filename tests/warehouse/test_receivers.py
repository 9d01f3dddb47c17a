"""Several receivers at one PostgreSQL: each batch once, unrelated feeds side by side, racing revisions in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pytest

from gateway.errors import Conflict, YizhanError
from gateway.ledger import Head
from gateway.warehouse import FeedShape, LoadResult, Warehouse
from tests.peers.postgres import Postgres
from tests.peers.stores import Where, fresh
from tests.warehouse.feeds import COLUMNS, SCHEMAS, SHAPE, Notary, batch, digest_of, facts, open_warehouse, row

ROWS = [row(n) for n in range(300)]
OTHER = FeedShape(feed="finance.onecard", columns=COLUMNS, key=SHAPE.key)
PATIENCE = 20


@pytest.fixture
def where(server: Postgres) -> Where:
    return fresh(server, *SCHEMAS)


def receiver(where: Where) -> Warehouse:
    warehouse, _ = open_warehouse(where)
    warehouse.prepare(OTHER)
    return warehouse


def signed_by(name: str) -> Callable[[LoadResult, Head], bytes]:
    return lambda _result, head: f"{name} {head.position}".encode()


def test_one_batch_at_two_receivers_at_once_is_loaded_once_with_one_receipt(where: Where) -> None:
    first, second = receiver(where), receiver(where)
    waiting = threading.Event()

    def source() -> Iterator[pa.RecordBatch]:
        yield batch(ROWS[:100])
        waiting.set()  # the other one comes now, and has to wait
        threading.Event().wait(0.3)
        yield batch(ROWS[100:])

    def later() -> bytes:
        assert waiting.wait(PATIENCE)
        return second.load(facts(ROWS), [batch(ROWS)], signed_by("second"))

    with ThreadPoolExecutor(2) as pool:
        receipts = [pool.submit(first.load, facts(ROWS), source(), signed_by("first")), pool.submit(later)]
        assert [one.result(PATIENCE) for one in receipts] == [b"first 1", b"first 1"]
    assert [held.loaded.rows for held in first.deliveries()] == [300]
    assert list(first.fsck()) == []


@pytest.mark.parametrize(
    "beside",
    [
        {"feed": OTHER.feed, "batch": "finance.onecard/2026-10/r1"},
        {"period": "2026-11", "batch": "civil.dibao/2026-11/r1"},
        {"region": "430481"},
    ],
    ids=["another feed", "another period", "another region"],
)
def test_a_load_waits_for_no_other_that_it_cannot_meet(where: Where, beside: dict[str, str]) -> None:
    first, second = receiver(where), receiver(where)
    done = threading.Event()

    def source() -> Iterator[pa.RecordBatch]:
        yield batch(ROWS[:100])
        assert done.wait(PATIENCE), "the other load did not end while this one was at work"
        yield batch(ROWS[100:])

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(first.load, facts(ROWS), source(), Notary())
        second.load(facts(ROWS, content="beside", **beside), [batch(ROWS)], Notary())
        done.set()
        slow.result(PATIENCE)
    assert [held.position for held in first.deliveries()] == [1, 2]
    assert list(first.fsck()) == []


def test_of_two_racing_revisions_one_is_loaded_and_the_other_a_conflict(where: Where) -> None:
    receivers = [receiver(where) for _ in range(2)]
    receivers[0].load(facts(ROWS), [batch(ROWS)], Notary())
    rows = [[row(0, remark=name), *ROWS[1:]] for name in ("甲", "乙")]
    start = threading.Barrier(2)

    def race(number: int) -> str:
        made = replace(facts(rows[number], 2, content=str(number)), previous=digest_of(1))
        start.wait(PATIENCE)
        try:
            receivers[number].load(made, [batch(rows[number])], Notary())
        except YizhanError as refused:
            return refused.code
        return "loaded"

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(race, range(2)))
    assert ended == sorted([Conflict.code, "loaded"])
    assert [held.facts.revision for held in receivers[0].deliveries()] == [1, 2]
    assert list(receivers[0].fsck()) == []
