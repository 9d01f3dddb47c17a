"""What sending upward and completing chains of receipts need of a node, put together from its rooms. No decisions."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.rooms import CentreNode, FrontEnd, Watch
from gateway.app.site import FILE, UpwardAddress
from gateway.carriage import Carried
from gateway.chain import Chain
from gateway.envelope.sealed import Batch
from gateway.errors import ConfigInvalid
from gateway.forward import Upward
from gateway.inbox import SharedInbox
from gateway.keys import tls
from gateway.ledger import EventKind
from gateway.spool import Entry, Spool
from gateway.transport import CentreClient, KnownReceipts, Patience

BACKGROUND = Patience(attempts=2, receipt=10.0, hold=5)
"""Sending upward in the background has a patience of its own between attempts; within one, it does not linger."""


def chain_of(node: FrontEnd) -> Chain:
    """What completing the chains of a department's batches needs."""

    def ask(centre: str, digest: str) -> KnownReceipts:
        with node.connect(centre) as client:
            return client.receipts(digest)

    paths = {feed.id: feed.path for feed in node.feeds}
    routes = {feed.id: feed.routes for feed in node.feeds}
    return Chain(
        spool=node.spool,
        ledger=node.ledger,
        trust=node.keys.trust,
        clock=node.clock,
        kind=EventKind.RECEIPTED,
        next=lambda feed: paths[feed][0],
        behind=lambda feed: routes.get(feed, ()),
        above=lambda feed: paths[feed][1:],
        ask=ask,
        keep=lambda entry, centre, receipt: node.spool.add_receipt(entry.name, centre, receipt),
    )


def upward_of(node: CentreNode, watch: Watch, patience: Patience) -> Upward | None:
    """What sending upward needs; None where the site names no centre above. Raises: ConfigInvalid."""
    address, spool = node.file.upward, node.upward
    if address is None or spool is None:
        return None
    _require_next(node, address)

    def carry(batch: Batch, entry: Entry) -> Carried:
        name = batch.manifest.batch_id
        with _connect(node, address, patience) as client:
            receipt = client.deliver(
                entry.manifest,
                entry.keys,
                entry.payload,
                lambda offset, size: watch(name, offset, size),
                papers=entry.papers,
            )
            return Carried(receipt=receipt, skew=client.skew)

    def ask(_: str, digest: str) -> KnownReceipts:
        with _connect(node, address, patience) as client:
            return client.receipts(digest)

    return Upward(
        centre=node.file.centre,
        next=address.centre,
        catalogue=node.catalogue,
        inbox=node.inbox,
        spool=spool,
        ledger=node.ledger,
        trust=node.keys.trust,
        courier=carry,
        ask=ask,
        clock=node.clock,
    )


def spools_of(node: FrontEnd | CentreNode) -> Iterator[Spool]:
    """`spool/`, unless several receivers share an inbox, and `upward/` where there is one."""
    return (kept for kept in kept_of(node) if isinstance(kept, Spool))


def kept_of(node: FrontEnd | CentreNode) -> Iterator[Spool | SharedInbox]:
    """All places where sealed batches of this node lie: the spool or the shared inbox, then `upward/`."""
    yield node.kept
    if isinstance(node, CentreNode) and node.upward is not None:
        yield node.upward


def _connect(node: CentreNode, address: UpwardAddress, patience: Patience) -> CentreClient:
    context = tls.client_context(node.keys, address.centre, node.clock)
    return CentreClient(centre=address.centre, url=address.url, tls=context, clock=node.clock, patience=patience)


def _require_next(node: CentreNode, address: UpwardAddress) -> None:
    """A centre takes batches from the department and from the centre directly below it, and from nobody else."""
    for feed in node.catalogue.feeds:
        above = feed.above(node.file.centre)
        if above and above[0] != address.centre:
            zh = f"upward 写的是 {address.centre},而 {feed.id} 由此上送 {above[0]}:请改正,或在其 relays 中补上途经中心"
            en = (
                f"upward names {address.centre}, but {feed.id} goes from here to {above[0]}: correct it, or name the"
                " centre between them in the feed's relays"
            )
            raise ConfigInvalid(place=node.site.root / FILE, problem_zh=zh, problem_en=en)
