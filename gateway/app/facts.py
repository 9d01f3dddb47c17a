"""What a node knows for the freshness board: its receipts, and the attempts that did not balance.

A centre asks its warehouse, a front-end the receipts in its spool; both ask their ledger for the imbalances. Must never
judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway import warehouse
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.calendar import Period
from gateway.catalogue import Feed, Mode
from gateway.envelope.manifest import Kind
from gateway.envelope.report import Files, inspect
from gateway.errors import LoadUnbalanced, Unbalanced
from gateway.freshness import Delivery, Facts, Held, Imbalance
from gateway.ledger import EventKind, Line
from gateway.spool import Entry, State

_IMBALANCES = (Unbalanced.code, LoadUnbalanced.code)


def facts_of(node: FrontEnd | CentreNode) -> Facts:
    """All that the node's own stores say of the feeds in its catalogue."""
    imbalances = tuple(_imbalances(node))
    if isinstance(node, CentreNode):
        return Facts(deliveries=tuple(_loaded(node)), imbalances=imbalances)
    return Facts(deliveries=tuple(_receipted(node)), imbalances=imbalances, held=tuple(held_of(node.ledger.lines())))


def _loaded(node: CentreNode) -> Iterator[Delivery]:
    feeds = {feed.id: feed for feed in node.catalogue.feeds}
    for held in node.warehouse.deliveries():
        if held.facts.feed in feeds:
            yield _from_warehouse(feeds[held.facts.feed], held)


def _from_warehouse(feed: Feed, held: warehouse.Delivery) -> Delivery:
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
    )


def _sum(sums: Sequence[tuple[str, int]], field: str | None) -> int | None:
    return dict(sums)[field] if field else None


def _imbalances(node: FrontEnd | CentreNode) -> Iterator[Imbalance]:
    for line in node.ledger.lines():
        if line.code in _IMBALANCES and line.feed and line.period:
            yield Imbalance(feed=line.feed, period=Period.parse(line.period), at=line.moment)


def held_of(lines: Iterable[Line]) -> Iterator[Held]:
    """When each batch waited for a reviewer, as the ledger tells it: held, until it was released or given up.

    One that was given up while it was held and is taken up again, is held again.
    """
    since: dict[str, Line] = {}
    rejected: set[str] = set()
    for line in lines:
        digest = line.digest or ""
        match line.event:
            case EventKind.HELD:
                since[digest] = line
            case EventKind.RETRIED if digest in rejected:
                since[digest] = line
            case EventKind.RELEASED if digest in since:
                rejected.discard(digest)
                yield _waited(since.pop(digest), line)
            case EventKind.BURIED if digest in since:
                rejected.add(digest)
                yield _waited(since.pop(digest), line)
    yield from (_waited(line, None) for line in since.values())


def _waited(line: Line, ended: Line | None) -> Held:
    until = ended.moment if ended else None
    return Held(feed=line.feed or "", period=Period.parse(line.period or ""), since=line.moment, until=until)
