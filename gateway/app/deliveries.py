"""The receipts a node holds, as deliveries: a centre's out of its warehouse, a front-end's out of its spool.

Reads each of them once. Must never judge, nor read the ledger: when a receipt was heard of, and how far the clocks were
apart, is told by whoever does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway import warehouse
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed, Mode
from gateway.envelope.manifest import Kind
from gateway.envelope.report import Files, inspect
from gateway.freshness import Delivery
from gateway.spool import Entry, State


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the ledger adds to a receipt, by the digest of its manifest; where it says nothing, there is no entry.

    Attributes:
        heard: when this node had the receipt, by its own clock. skews: how far the sender was ahead of the centre.
    """

    heard: dict[str, datetime]
    skews: dict[str, timedelta]


class Receipts(Protocol):
    """The receipts of one node."""

    def new(self, told: Told) -> Iterator[Delivery]:
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

    def new(self, told: Told) -> Iterator[Delivery]:
        """See `Receipts`."""
        for held in self._node.warehouse.deliveries(after=self._position):
            self._position = held.position
            if held.facts.feed in self._feeds:
                yield _from_warehouse(self._feeds[held.facts.feed], held, told)


class Spooled:
    """A front-end's. An entry that is being delivered again still has its receipt."""

    def __init__(self, node: FrontEnd) -> None:
        self._node = node
        self._feeds = {feed.id: feed for feed in node.feeds}
        self._read: set[str] = set()

    def new(self, told: Told) -> Iterator[Delivery]:
        """See `Receipts`."""
        for entry in self._node.spool.entries(State.DONE):
            if entry.name.feed not in self._feeds or str(entry.name) in self._read or entry.receipt is None:
                continue  # one that lost its receipt is for fsck to name
            self._read.add(str(entry.name))
            yield _from_receipt(self._feeds[entry.name.feed], entry, told)


def _from_warehouse(feed: Feed, held: warehouse.Delivery, told: Told) -> Delivery:
    facts, (net_rows, net_sums) = held.facts, held.effect.net
    whole = feed.mode is Mode.SNAPSHOT
    return Delivery(
        feed=facts.feed,
        period=Period.parse(facts.period),
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
        skew=told.skews.get(facts.digest),
    )


def _from_receipt(feed: Feed, entry: Entry, told: Told) -> Delivery:
    """A receipt was verified before its entry came to `done`; `fsck` verifies it again."""
    contents, digest = inspect(Files(manifest=entry.manifest, receipt=entry.receipt)), entry.digest
    said, receipt = contents.manifest, contents.receipt
    whole = feed.mode is Mode.SNAPSHOT
    return Delivery(
        feed=said.feed,
        period=Period.parse(said.period),
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
        skew=told.skews.get(digest),
        heard_at=told.heard.get(digest),
    )


def _sum(sums: Sequence[tuple[str, int]], field: str | None) -> int | None:
    return dict(sums)[field] if field else None
