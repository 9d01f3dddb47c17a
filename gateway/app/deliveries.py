"""The receipts a node holds, as deliveries: a centre's out of its warehouse, a front-end's out of its spool.

Reads each of them once. Must never judge, nor read the ledger: when a receipt was heard of, and how far the clocks were
apart, is added by whoever does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from gateway import warehouse
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed, Mode
from gateway.envelope.manifest import Kind
from gateway.envelope.report import Files, inspect
from gateway.freshness import Delivery
from gateway.spool import Entry, State

period_of = cache(Period.parse)
"""A county's history names few periods, and each of them some thousand times."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One of them, by the digest of its manifest; what the ledger says of it is still to be added."""

    digest: str
    delivery: Delivery


class Receipts(Protocol):
    """The receipts of one node."""

    def new(self) -> Iterator[Receipt]:
        """Those not given before. Raises: what reading the node's store raises."""


def receipts_of(node: FrontEnd | CentreNode) -> Receipts:
    """The node's, none of them read yet."""
    return Warehoused(node) if isinstance(node, CentreNode) else Spooled(node)


class Warehoused:
    """A centre's."""

    def __init__(self, node: CentreNode) -> None:
        self._node = node
        self._feeds = {feed.id: feed for feed in node.catalogue.feeds}
        self._position = 0

    def new(self) -> Iterator[Receipt]:
        """See `Receipts`."""
        for held in self._node.warehouse.deliveries(after=self._position):
            if held.facts.feed in self._feeds:
                yield _from_warehouse(self._feeds[held.facts.feed], held)
            self._position = held.position


class Spooled:
    """A front-end's. An entry that is being delivered again still has its receipt."""

    def __init__(self, node: FrontEnd) -> None:
        self._node = node
        self._feeds = {feed.id: feed for feed in node.feeds}
        self._read: set[str] = set()

    def new(self) -> Iterator[Receipt]:
        """See `Receipts`."""
        for entry in self._node.spool.entries(State.DONE):
            if entry.name.feed not in self._feeds or str(entry.name) in self._read or entry.receipt is None:
                continue  # one that lost its receipt is for fsck to name
            yield _from_receipt(self._feeds[entry.name.feed], entry)
            self._read.add(str(entry.name))


def _from_warehouse(feed: Feed, held: warehouse.Delivery) -> Receipt:
    facts, (net_rows, net_sums) = held.facts, held.effect.net
    whole = feed.mode is Mode.SNAPSHOT
    delivery = Delivery(
        feed=facts.feed,
        period=period_of(facts.period),
        revision=facts.revision,
        batch=facts.batch,
        kind=Kind(facts.kind),
        landed_at=facts.landed_at,
        accepted_at=facts.accepted_at,
        rows=held.counted.rows if whole else net_rows,
        amount=_sum(held.counted.sums if whole else net_sums, feed.amount),
        problem_rows=held.problem_rows,
        offered_rows=held.counted.rows + facts.set_aside,
        net_rows=net_rows,
    )
    return Receipt(digest=facts.digest, delivery=delivery)


def _from_receipt(feed: Feed, entry: Entry) -> Receipt:
    """A receipt was verified before its entry came to `done`; `fsck` verifies it again."""
    contents = inspect(Files(manifest=entry.manifest, receipt=entry.receipt))
    said, receipt = contents.manifest, contents.receipt
    whole = feed.mode is Mode.SNAPSHOT
    delivery = Delivery(
        feed=said.feed,
        period=period_of(said.period),
        revision=said.revision,
        batch=said.batch_id,
        kind=said.kind,
        landed_at=said.landed_at,
        accepted_at=receipt.accepted_at,
        rows=receipt.counted.rows if whole else receipt.effect.net_rows,
        amount=_sum(receipt.counted.sums if whole else receipt.effect.net_sums, feed.amount),
        problem_rows=receipt.problem.rows,
        offered_rows=receipt.counted.rows + said.problems.rows,
        net_rows=receipt.effect.net_rows,
    )
    return Receipt(digest=entry.digest, delivery=delivery)


def _sum(sums: Sequence[tuple[str, int]], field: str | None) -> int | None:
    return dict(sums)[field] if field else None
