"""fsck of what has to do with other levels: the chain of receipts beside each batch, and what lies in `upward`.

Reads everything, changes nothing; each fault is a value with its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.rooms import CentreNode, FrontEnd
from gateway.archive.sealed import AtRest, check_sealed
from gateway.envelope.receipt import peek
from gateway.errors import EntryDamaged, EntryUnexplained, EntryUntrue, EnvelopeRefused, YizhanError
from gateway.inbox import SharedEntry
from gateway.ledger import EventKind, Ledger
from gateway.spool import Entry, Spool, State, mark_of
from gateway.spool.entry import RECEIPT, centre_of, further_receipt

UPWARD = "upward"


def check_chains(node: FrontEnd | CentreNode) -> Iterator[YizhanError]:
    """Every receipt of another node that the ledger tells of lies beside its batch."""
    kind = EventKind.FORWARDED if isinstance(node, CentreNode) else EventKind.RECEIPTED
    told: dict[str, set[str]] = {}
    for line in node.ledger.lines(kind=kind):
        if line.digest and line.said.centre:
            told.setdefault(mark_of(line.digest), set()).add(line.said.centre)
    for entry in node.kept.entries(State.DONE):
        for centre in sorted(told.get(entry.name.mark, set()) - _answered(entry)):
            yield EntryDamaged(place=entry.place, file=further_receipt(centre))


def check_upward(node: CentreNode) -> Iterator[YizhanError]:
    """Every entry of `upward` is what was sealed, and explained by the ledger; nothing where nothing goes upward."""
    if node.upward is None:
        return
    for fault in node.upward.faults():
        yield EntryDamaged(place=f"{UPWARD}/{fault.facts['place']}", file=fault.facts["file"])
    yield from _check_sealed(node, node.upward)
    yield from _check_explained(node.ledger, node.upward)


def _answered(entry: Entry | SharedEntry) -> set[str]:
    """The centres whose receipts lie beside a batch; a first one that is lost or false is named elsewhere."""
    files = entry.files
    further = {centre for centre in map(centre_of, files) if centre is not None}
    try:
        return further | {peek(files[RECEIPT]).centre}
    except (KeyError, EnvelopeRefused):
        return further


def _check_sealed(node: CentreNode, spool: Spool) -> Iterator[YizhanError]:
    """What has been forwarded keeps no payload here: the inbox does."""
    trust, now = node.keys.trust(), node.clock()
    for entry in spool.entries(State.READY, State.INFLIGHT, State.HELD, State.DONE):
        try:
            if not entry.payload.exists():
                check_sealed(AtRest(name=entry.name, small=entry.files, payload=None), trust, now)
                continue
            with entry.open_payload() as payload:
                check_sealed(AtRest(name=entry.name, small=entry.files, payload=payload), trust, now)
        except EntryDamaged:
            continue  # a file that is missing was named already
        except YizhanError as fault:
            yield EntryUntrue(place=f"{UPWARD}/{entry.place}", cause=fault.code)


def _check_explained(ledger: Ledger, spool: Spool) -> Iterator[YizhanError]:
    taken = {mark for kind in (EventKind.LOADED, EventKind.RELAYED) for mark in _marks(ledger, kind)}
    sent = _marks(ledger, EventKind.FORWARDED)
    for entry in spool.entries():
        if entry.name.mark not in (taken & sent if entry.state is State.DONE else taken):
            yield EntryUnexplained(place=f"{UPWARD}/{entry.place}")


def _marks(ledger: Ledger, kind: EventKind) -> set[str]:
    return {mark_of(line.digest) for line in ledger.lines(kind=kind) if line.digest}
