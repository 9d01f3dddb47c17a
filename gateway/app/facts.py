"""What a node knows for the freshness board: its receipts, and the attempts that did not balance.

A centre asks its warehouse, a front-end the receipts in its spool; both ask their ledger for the imbalances. Must never
judge.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import warehouse
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.report import Files, inspect
from gateway.errors import LoadUnbalanced, Unbalanced
from gateway.freshness import Delivery, Facts, Imbalance
from gateway.spool import Entry, State

_IMBALANCES = (Unbalanced.code, LoadUnbalanced.code)


def facts_of(node: FrontEnd | CentreNode) -> Facts:
    """All that the node's own stores say of the feeds in its catalogue."""
    deliveries = _held(node) if isinstance(node, CentreNode) else _receipted(node)
    return Facts(deliveries=tuple(deliveries), imbalances=tuple(_imbalances(node)))


def _held(node: CentreNode) -> Iterator[Delivery]:
    feeds = {feed.id: feed for feed in node.catalogue.feeds}
    for held in node.warehouse.deliveries():
        if held.facts.feed in feeds:
            yield _from_warehouse(feeds[held.facts.feed], held)


def _from_warehouse(feed: Feed, held: warehouse.Delivery) -> Delivery:
    facts = held.facts
    return Delivery(
        feed=facts.feed,
        period=Period.parse(facts.period),
        revision=facts.revision,
        batch=facts.batch,
        landed_at=facts.landed_at,
        accepted_at=facts.accepted_at,
        rows=held.counted.rows,
        amount=dict(held.counted.sums)[feed.amount] if feed.amount else None,
        problem_rows=held.problem_rows,
    )


def _receipted(node: FrontEnd) -> Iterator[Delivery]:
    feeds = {feed.id: feed for feed in node.feeds}
    for entry in node.spool.entries(State.DONE):
        if entry.name.feed in feeds and entry.receipt is not None:  # one that lost it is for fsck to name
            yield _from_receipt(feeds[entry.name.feed], entry)


def _from_receipt(feed: Feed, entry: Entry) -> Delivery:
    """A receipt was verified before its entry came to `done`; `fsck` verifies it again."""
    contents = inspect(Files(manifest=entry.manifest, receipt=entry.receipt))
    said, receipt = contents.manifest, contents.receipt
    return Delivery(
        feed=said.feed,
        period=Period.parse(said.period),
        revision=said.revision,
        batch=said.batch_id,
        landed_at=said.landed_at,
        accepted_at=receipt.accepted_at,
        rows=receipt.counted.rows,
        amount=_sum(receipt.counted, feed.amount),
        problem_rows=receipt.problem.rows,
    )


def _sum(totals: ControlTotals, field: str | None) -> int | None:
    return dict(totals.sums)[field] if field else None


def _imbalances(node: FrontEnd | CentreNode) -> Iterator[Imbalance]:
    for line in node.ledger.lines():
        if line.code in _IMBALANCES and line.feed and line.period:
            yield Imbalance(feed=line.feed, period=Period.parse(line.period), at=line.moment)
