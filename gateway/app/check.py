"""fsck: a node's spool, ledger, warehouse, bookmarks and archives against each other; it changes nothing.

Each fault is a value with its place, so that one does not hide the next; and one injury is named once, where it is, not
again by every check that stumbles over it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.keeping import archives_of, closing_of
from gateway.app.levels_check import check_chains, check_upward
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.archive.audit import check_archives
from gateway.archive.choosing import closed_marks
from gateway.archive.sealed import AtRest, check_sealed
from gateway.errors import (
    EntryDamaged,
    EntryUnexplained,
    EntryUntrue,
    LineUnsupported,
    ReceiptDiffers,
    YizhanError,
)
from gateway.inbox import SharedEntry
from gateway.ledger import EventKind
from gateway.spool import Entry, State, mark_of
from gateway.spool.entry import PAPER_FILES, PAYLOAD


def check_node(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every fault of the node; nothing when it is clean."""
    yield from node.ledger.verify(node.anchors())
    named: set[str] = set()
    for fault in _check_spool(node):
        named.add(str(fault.facts["place"]))
        yield fault
    yield from _check_released(node, named)
    yield from _check_explained(node)
    if isinstance(node, CentreNode):
        yield from node.warehouse.fsck()
        yield from _check_receipts(node, named)
        yield from check_upward(node)
        yield from node.instructions.faults()
    else:
        yield from node.bookmarks.faults()
        yield from node.shelf.faults(node.keys.trust()) if node.shelf is not None else ()
    yield from (fault for fault in check_chains(node) if fault.facts["place"] not in named)
    yield from check_archives(archives_of(node), node.ledger, node.keys.trust(), node.clock())


def _check_spool(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """The files of each entry: there, and what was sealed, signed and answered."""
    damaged = list(node.kept.faults())
    yield from damaged
    places = {fault.facts["place"] for fault in damaged}
    purged = _marks(node, EventKind.PURGED)
    for entry in node.kept.entries():
        if entry.place not in places and entry.state is not State.DEAD:
            yield from _check_entry(node, entry, entry.name.mark in purged)


def _check_entry(node: FrontEnd | CentreNode, entry: Entry | SharedEntry, purged: bool) -> Iterator[YizhanError]:
    """The dead may well be false, that is why they lie there; and a payload may be missing if the ledger purged it.

    Certificates are judged as of the signature: an archive stays true when they expire.
    """
    small = entry.files
    trust, now = node.keys.trust(), node.clock()
    try:
        if entry.size is not None:
            with entry.open_payload() as payload:
                check_sealed(AtRest(name=entry.name, small=small, payload=payload), trust, now)
            return
        check_sealed(AtRest(name=entry.name, small=small, payload=None), trust, now)
    except YizhanError as fault:
        yield EntryUntrue(place=entry.place, cause=fault.code)
        return
    if not purged:
        yield EntryDamaged(place=entry.place, file=PAYLOAD)


def _check_released(node: FrontEnd | CentreNode, named: set[str]) -> Iterator[YizhanError]:
    """The reviewer's release lies beside every batch of which the ledger says that it was released.

    Nothing that was sealed names it, so only the ledger knows that one is missing.
    """
    known = node.ledger.lines(kind=EventKind.LOADED if isinstance(node, CentreNode) else EventKind.RELEASED)
    released = {
        mark_of(line.digest)
        for line in known
        if line.digest and (line.event == EventKind.RELEASED or line.said.released_by is not None)
    }
    for entry in node.kept.entries():
        alive = entry.state is not State.DEAD and entry.place not in named
        if alive and entry.name.mark in released and PAPER_FILES["release"] not in entry.files:
            yield EntryDamaged(place=entry.place, file=PAPER_FILES["release"])


def _check_explained(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every entry has its lines in the ledger, and every batch of which a line says that it is there has its entry."""
    opening, closing, standing = _LINES[isinstance(node, CentreNode)]
    opened, closed = _marks(node, opening), closed_marks(node.ledger, closing_of(node))
    entries = node.kept.entries()
    for entry in entries:
        if entry.name.mark not in (opened & closed if entry.state is State.DONE else opened):
            yield EntryUnexplained(place=entry.place)
    present = {entry.name.mark for entry in entries if entry.state is not State.DEAD}
    anywhere = {entry.name.mark for entry in entries}
    told: set[str] = set()
    for line in node.ledger.lines():
        mark = mark_of(line.digest or "")
        found = present if line.event == closing else anywhere
        if line.event in (closing, *standing) and mark not in found and mark not in told:
            told.add(mark)
            yield LineUnsupported(node=line.node, seq=line.seq, batch=line.batch)


def _marks(node: FrontEnd | CentreNode, kind: EventKind) -> set[str]:
    return {mark_of(line.digest) for line in node.ledger.lines(kind=kind) if line.digest}


# Which line opens an entry, which line says that it is done, and which others say that there is one. A centre's
# `admitted` says no such thing: uploads are abandoned, and what was refused may come again.
_LINES = {
    False: (EventKind.SEALED, EventKind.RECEIPTED, (EventKind.SEALED,)),
    True: (EventKind.ADMITTED, EventKind.LOADED, (EventKind.RELAYED,)),
}


def _check_receipts(node: CentreNode, named: set[str]) -> Iterator[YizhanError]:
    """The receipt in the inbox is the one the warehouse committed; one that either of them lost was named there."""
    committed = {mark_of(line.digest): line.digest for line in node.ledger.lines(kind=EventKind.LOADED) if line.digest}
    for entry in node.kept.entries(State.DONE):
        digest = committed.get(entry.name.mark)
        stored = node.warehouse.lookup(digest) if digest is not None and entry.place not in named else None
        if stored and stored != entry.receipt:
            yield ReceiptDiffers(place=entry.place)
