"""Choosing what goes into an archive: entries that are settled, authentic, and not in an archive yet.

An entry of which a file came after it was archived (the receipt of a further centre) goes in again, without its
payload. It must never write anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from gateway.archive.index import Held
from gateway.archive.sealed import AtRest, check_sealed
from gateway.archive.shelf import Archives
from gateway.calendar import ASIA_SHANGHAI
from gateway.envelope import receipt as receipts
from gateway.envelope.parties import Signer, Trust
from gateway.errors import EntryUnexplained, EntryUntrue, YizhanError
from gateway.ledger import EventKind, Ledger
from gateway.spool import EntryName, State, mark_of
from gateway.spool.entry import PAYLOAD, RECEIPT

FOLDER = "entries"
Closing = Sequence[frozenset[EventKind]]
"""The ways in which an entry is settled: for one of them, the ledger has a line of each kind about it."""


class Resting(Protocol):
    """A sealed batch at rest: an entry of the spool, or of an inbox that several receivers share."""

    @property
    def name(self) -> EntryName: ...

    @property
    def place(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def size(self) -> int | None:
        """Bytes of the payload; None where it was purged."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file but the payload, by its name."""

    def open_payload(self) -> BinaryIO:
        """The ciphertext. Raises EntryDamaged; any Retry."""


class Store(Protocol):
    """Where sealed batches rest."""

    def entries(self, *states: State) -> Sequence[Resting]:
        """What is in these states, ordered by name."""

    def lighten(self, digest: str) -> None:
        """Remove the payload of one that is done."""


@dataclass(frozen=True, kw_only=True)
class Archivist:
    """The rooms that archiving needs, and who this node is.

    Attributes:
        node: the site's name. party, id: whose signature `signer` is.
        closing: what the ledger says of an entry that is settled.
        due: marks of what has yet to be sent on from here, payload and all.
    """

    node: str
    party: str
    id: str
    closing: Closing
    due: Callable[[], set[str]]
    archives: Archives
    kept: Store
    ledger: Ledger
    trust: Callable[[], Trust]
    signer: Callable[[], Signer]
    clock: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Settled:
    """An entry to be archived.

    Attributes:
        small: its files but the payload, by name, as they were judged.
        payload: whether the payload goes in; it does not where an archive has it.
    """

    held: Held
    entry: Resting
    small: Mapping[str, bytes]
    payload: bool

    @property
    def month(self) -> str:
        """When its receipt was accepted."""
        return month_of(self.held.accepted_at)


def month_of(moment: datetime) -> str:
    """The month of an instant in Beijing time, `2026-10`."""
    return moment.astimezone(ASIA_SHANGHAI).strftime("%Y-%m")


def inside(name: EntryName, file: str) -> str:
    """What a file of an entry is called in an archive."""
    return f"{FOLDER}/{name}/{file}"


def closed_marks(ledger: Ledger, closing: Closing) -> set[str]:
    """Marks (`gateway.spool.mark_of`) of all that the ledger says is settled."""
    marks = {kind: _marks(ledger, kind) for kind in frozenset[EventKind]().union(*closing)}
    return {mark for way in closing for mark in set.intersection(*(marks[kind] for kind in way))}


def choose(archivist: Archivist) -> tuple[list[Settled], list[YizhanError]]:
    """What is to be archived, and what cannot be, and why."""
    known = {(one.name, one.sha256) for archived in archivist.archives.all() for one in archived.index.files}
    names = {name for name, _ in known}
    closed = closed_marks(archivist.ledger, archivist.closing)
    chosen: list[Settled] = []
    faults: list[YizhanError] = []
    for entry in archivist.kept.entries(State.DONE):
        small = {name: data for name, data in sorted(entry.files.items()) if not name.startswith(".")}
        if all((inside(entry.name, name), _digest(data)) in known for name, data in small.items()):
            continue
        if entry.name.mark not in closed:
            faults.append(EntryUnexplained(place=entry.place))
            continue
        try:
            chosen.append(_judged(entry, small, inside(entry.name, PAYLOAD) not in names, archivist))
        except YizhanError as fault:
            faults.append(EntryUntrue(place=entry.place, cause=fault.code))
    return chosen, faults


def _judged(entry: Resting, small: Mapping[str, bytes], payload: bool, archivist: Archivist) -> Settled:
    """The entry as it goes in. Raises: what `check_sealed` raises; EntryDamaged."""
    trust, now = archivist.trust(), archivist.clock()
    with entry.open_payload() if payload else nullcontext() as stream:
        at_rest = AtRest(name=entry.name, small=small, payload=stream)
        declared = check_sealed(at_rest, trust, now)
    receipt = receipts.peek(at_rest.require(RECEIPT))
    held = Held(
        entry=str(entry.name), batch=entry.name.batch, manifest=declared.digest, accepted_at=receipt.accepted_at
    )
    return Settled(held=held, entry=entry, small=small, payload=payload)


def _marks(ledger: Ledger, kind: EventKind) -> set[str]:
    return {mark_of(line.digest) for line in ledger.lines(kind=kind) if line.digest}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
