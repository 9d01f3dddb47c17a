"""Rectification orders: a batch for each use, counted where the load is decided."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from gateway.errors import OrderSpent
from gateway.warehouse import Warehouse
from tests.warehouse.feeds import Notary
from tests.warehouse.portions import SNAPSHOT, Row, Sender, batch, order
from tests.warehouse.test_corrections import at_once

ROWS = [Row("1"), Row("2")]


@pytest.fixture
def sender(warehouse: Warehouse) -> Sender:
    return Sender(warehouse=warehouse, shape=SNAPSHOT)


def test_an_order_admits_as_many_batches_as_it_says_of_whatever_period(warehouse: Warehouse, sender: Sender) -> None:
    for period in ("2024-01", "2024-02"):
        sender.send(ROWS, period, order=order(uses=2))
    third = sender.facts(ROWS, "2024-03", order=order(uses=2))
    with pytest.raises(OrderSpent) as early:
        warehouse.require_next(third)
    with pytest.raises(OrderSpent) as late:
        warehouse.load(third, [batch(ROWS)], Notary())
    assert early.value.facts == late.value.facts == {"batch": third.batch, "number": "整改〔2026〕3号", "uses": 2}
    assert warehouse.lookup(third.digest) is None
    sender.send(ROWS, "2024-03", order=order("整改〔2026〕4号"))
    held = [d.facts.order for d in warehouse.deliveries(SNAPSHOT.feed)]
    assert held == [order(uses=2), order(uses=2), order("整改〔2026〕4号")]


def test_a_batch_that_comes_twice_uses_its_order_once(warehouse: Warehouse, sender: Sender) -> None:
    facts = sender.facts(ROWS, order=order())
    first = warehouse.load(facts, [batch(ROWS)], Notary())
    assert warehouse.load(facts, [batch(ROWS)], Notary()) == first
    warehouse.require_next(facts)


def test_of_two_batches_that_race_for_the_last_use_one_is_loaded(warehouse: Warehouse) -> None:
    """Of two regions, so that nothing but the order stands between them."""
    senders = [Sender(warehouse=warehouse, shape=SNAPSHOT) for _ in range(2)]
    facts = [sender.facts(ROWS, order=order()) for sender in senders]
    errors = at_once(lambda f=f: warehouse.load(f, [batch(ROWS)], Notary()) for f in facts)
    assert [type(error) for error in errors if error] == [OrderSpent]
    assert len(warehouse.deliveries(SNAPSHOT.feed)) == 1
    loser = facts[0] if errors[0] else facts[1]
    other = replace(loser, order=order("整改〔2026〕9号"), digest=hashlib.sha256(b"again").hexdigest())
    warehouse.load(other, [batch(ROWS)], Notary())
    assert list(warehouse.fsck()) == []
