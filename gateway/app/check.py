"""fsck: a node's spool, ledger and warehouse against each other. Reads everything, changes nothing.

Each fault is a value with its place, so that one does not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.app.rooms import CentreNode, FrontEnd
from gateway.envelope.parties import Trust
from gateway.envelope.report import Files, inspect, verify_files
from gateway.errors import EntryUnexplained, EntryUntrue, LineUnsupported, ReceiptDiffers, YizhanError
from gateway.ledger import EventKind
from gateway.spool import Entry, State


def check_node(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every fault of the node; nothing when it is clean."""
    yield from node.ledger.verify(node.anchors())
    yield from node.spool.faults()
    trust = node.keys.trust()
    for entry in node.spool.entries():
        yield from _check_entry(entry, trust, node.clock())
    yield from _check_explained(node)
    if isinstance(node, CentreNode):
        yield from node.warehouse.fsck()
        yield from _check_receipts(node)


def _check_entry(entry: Entry, trust: Trust, now: datetime) -> Iterator[YizhanError]:
    """The files of an entry are what was sealed and signed; the dead may well be false, that is why they lie there."""
    if entry.state is State.DEAD:
        return
    place = f"{entry.state.value}/{entry.name}"
    try:
        files = Files(manifest=entry.manifest, keys=entry.keys, receipt=entry.receipt)
        verify_files(files, trust, _signed_at(files, now))
        if entry.payload.exists():
            with entry.payload.open("rb") as payload:
                verify_files(Files(manifest=files.manifest, payload=payload), trust, _signed_at(files, now))
    except YizhanError as fault:
        yield EntryUntrue(place=place, cause=fault.code)


def _signed_at(files: Files, now: datetime) -> datetime:
    """Certificates are judged as of the signature: an archive stays true when they expire."""
    said = inspect(Files(manifest=files.manifest)).manifest
    return min(said.created_at, now) if said else now


def _check_explained(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every entry has its line in the ledger, and every receipted line its entry."""
    first, last = _LINES[isinstance(node, CentreNode)]
    opened = {line.digest for line in node.ledger.lines(kind=first)}
    closed = {line.digest for line in node.ledger.lines(kind=last)}
    done = set()
    for entry in node.spool.entries():
        digest = entry.digest
        if digest not in opened or (entry.state is State.DONE and digest not in closed):
            yield EntryUnexplained(place=f"{entry.state.value}/{entry.name}")
        if entry.state is State.DONE:
            done.add(digest)
    waiting = {entry.digest for entry in node.spool.entries(State.READY, State.INFLIGHT)}
    for line in node.ledger.lines(kind=last):
        if line.digest not in done | waiting:
            yield LineUnsupported(node=line.node, seq=line.seq, batch=line.batch)


_LINES = {
    False: (EventKind.SEALED, EventKind.RECEIPTED),
    True: (EventKind.ADMITTED, EventKind.LOADED),
}


def _check_receipts(node: CentreNode) -> Iterator[YizhanError]:
    """The receipt in the inbox is the one the warehouse committed."""
    for entry in node.spool.entries(State.DONE):
        digest = entry.digest
        if node.warehouse.lookup(digest) != entry.receipt:
            yield ReceiptDiffers(place=f"{entry.state.value}/{entry.name}")
