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
from gateway.spool import Entry, State, mark_of
from gateway.terms import entry_name


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
    """The files of an entry are what was sealed and signed; the dead may well be false, that is why they lie there.

    Certificates are judged as of the signature: an archive stays true when they expire.
    """
    if entry.state is State.DEAD:
        return
    try:
        manifest = entry.manifest
        contents = inspect(Files(manifest=manifest))
        at = min(contents.manifest.created_at, now)
        verify_files(Files(manifest=manifest, keys=entry.keys, receipt=entry.receipt), trust, at)
        entry.require(entry_name(contents.manifest, contents.manifest_digest))
        if entry.payload.exists():
            with entry.open_payload() as payload:
                verify_files(Files(manifest=manifest, payload=payload), trust, at)
    except YizhanError as fault:
        yield EntryUntrue(place=entry.place, cause=fault.code)


def _check_explained(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every entry has its lines in the ledger, and every line that says an entry is there has its entry."""
    opening, closing, standing = _LINES[isinstance(node, CentreNode)]
    opened, closed = _marks(node, opening), _marks(node, closing)
    entries = node.spool.entries()
    for entry in entries:
        if entry.name.mark not in (opened & closed if entry.state is State.DONE else opened):
            yield EntryUnexplained(place=entry.place)
    present = {entry.name.mark for entry in entries if entry.state is not State.DEAD}
    anywhere = {entry.name.mark for entry in entries}
    for line in node.ledger.lines():
        found = present if line.event == closing else anywhere
        if line.event in (closing, *standing) and mark_of(line.digest) not in found:
            yield LineUnsupported(node=line.node, seq=line.seq, batch=line.batch)


def _marks(node: FrontEnd | CentreNode, kind: EventKind) -> set[str]:
    return {mark_of(line.digest) for line in node.ledger.lines(kind=kind)}


# Which line opens an entry, which line closes it, and which others say that there is one. A centre's `admitted` says
# no such thing: uploads are abandoned, and what was refused may come again.
_LINES = {
    False: (EventKind.SEALED, EventKind.RECEIPTED, (EventKind.SEALED,)),
    True: (EventKind.ADMITTED, EventKind.LOADED, ()),
}


def _check_receipts(node: CentreNode) -> Iterator[YizhanError]:
    """The receipt in the inbox is the one the warehouse committed."""
    committed = {mark_of(line.digest): line.digest for line in node.ledger.lines(kind=EventKind.LOADED)}
    for entry in node.spool.entries(State.DONE):
        digest = committed.get(entry.name.mark)
        if digest is not None and node.warehouse.lookup(digest) != entry.receipt:
            yield ReceiptDiffers(place=entry.place)
