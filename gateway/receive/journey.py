"""Receive, the third journey: admit -> unseal -> warehouse (rows, dedup, ledger, receipt: one transaction).

The centre behind the wire. Admission looks only at the two small signed files; nothing is decrypted before the whole
payload has its signed digest, and nothing is committed before every segment and every control total agrees. Every
refusal stands in the ledger with its code. Must never construct a room.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from gateway.catalogue import Catalogue, Feed
from gateway.envelope.manifest import Manifest
from gateway.envelope.parties import Decryptor, Signer, Trust
from gateway.envelope.payload import PayloadReader
from gateway.envelope.receipt import issue_receipt, peek
from gateway.envelope.sealed import Batch, Sealed, check_payload, check_recipient, open_key, verify
from gateway.errors import (
    Conflict,
    EntryDamaged,
    Refuse,
)
from gateway.journal import about
from gateway.keys import Identity
from gateway.ledger import EventKind, Head, Ledger
from gateway.receive.account import event, facts_of, receipt_of
from gateway.receive.entitlement import require_entitled, require_owner, require_schema
from gateway.records.stream import read_records
from gateway.spool import Arrival, Claim, Entry, Spool, State, mark_of
from gateway.terms import entry_name
from gateway.warehouse import BatchFacts, LoadResult, Warehouse

MAX_REMEMBERED = 10_000
ABANDONED = timedelta(days=30)
"""An upload to which nothing was added for so long is given up; its sender has the batch and may submit it again."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """The batch may come: `offset` of `size` payload bytes are on disk. `digest` is the manifest's SHA-256, hex."""

    digest: str
    batch: str
    offset: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Receipted:
    """The batch came before and is loaded: here is its receipt (DER)."""

    receipt: bytes


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The rooms of a centre; `centre` is its own id. Trust is asked for at each use, so a new CRL counts at once."""

    centre: str
    catalogue: Catalogue
    spool: Spool
    ledger: Ledger
    warehouse: Warehouse
    trust: Callable[[], Trust]
    signer: Signer
    decryptor: Decryptor
    clock: Callable[[], datetime]


class Reception:
    """What the wire calls, from worker threads; `load` runs one at a time."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._refused: dict[str, Refuse] = {}
        # Who hears of a refusal finds the batch gone, and may submit it again at once.
        self._verdicts = threading.Lock()

    # --- submissions --------------------------------------------------------------------------------------------------

    def admit(self, manifest: bytes, keys: bytes, peer: Identity) -> Admitted | Receipted:
        """Judge a submission. The same submission again gives the same upload, or the same receipt.

        Raises:
            any step of ENVELOPE.md sections 2 and 3; FeedUnknown, NotEntitled, SchemaDiffers, Conflict,
            RevisionOutOfOrder, CorrectsUnknown; any Retry.
        """
        digest = hashlib.sha256(manifest).hexdigest()
        with self._refusals_entered(digest, peer.id):
            batch = verify(Sealed.parse(manifest, keys), self._rooms.trust(), self._rooms.clock())
        with self._refusals_entered(digest, peer.id, batch.manifest):
            return self._admit(batch, peer, manifest, keys)

    def _admit(self, batch: Batch, peer: Identity, manifest: bytes, keys: bytes) -> Admitted | Receipted:
        rooms, said = self._rooms, batch.manifest
        require_entitled(said, peer, rooms.catalogue)
        stored = rooms.warehouse.lookup(batch.digest)
        if stored is not None:
            rooms.ledger.append(event(rooms.clock(), EventKind.DUPLICATE, batch.digest, peer.id, said))
            return Receipted(receipt=stored)
        check_recipient(batch, rooms.centre)
        open_key(batch, rooms.decryptor)
        require_schema(said, rooms.catalogue)
        rooms.warehouse.require_next(facts_of(batch, rooms.clock()))
        name = entry_name(said, batch.digest)
        with self._verdicts:
            arrival = rooms.spool.arrive(name, batch.digest, said.payload.size, manifest, keys)
            self._refused.pop(batch.digest, None)
        if not arrival.offset:
            rooms.ledger.append(event(rooms.clock(), EventKind.ADMITTED, batch.digest, peer.id, said))
        return Admitted(digest=batch.digest, batch=said.batch_id, offset=arrival.offset, size=arrival.size)

    # --- uploads ------------------------------------------------------------------------------------------------------

    def upload(self, digest: str, peer: Identity) -> Arrival:
        """The upload a submission opened. Raises UploadUnknown, also for another party's."""
        arrival = self._rooms.spool.arrival(digest)
        require_owner(arrival.name.feed, digest, peer, self._rooms.catalogue)
        return arrival

    def uploaded(self, digest: str) -> None:
        """All bytes are on disk: the batch is ready to be loaded. Again after a crash: the same."""
        self._rooms.spool.arrival(digest).complete()

    # --- loads --------------------------------------------------------------------------------------------------------

    def waiting(self) -> Iterable[str]:
        """Digests uploaded and neither loaded nor refused; asked once, at the start, which also tidies the inbox."""
        spool = self._rooms.spool
        spool.recover()
        spool.sweep()
        spool.expire(self._rooms.clock() - ABANDONED)
        return [entry.digest for entry in spool.entries(State.READY) if self._is_readable(entry)]

    def _is_readable(self, entry: Entry) -> bool:
        """Whether an entry still has its manifest; one that was robbed of it is ledgered, buried, and comes again."""
        spool = self._rooms.spool
        try:
            return bool(entry.digest)
        except EntryDamaged as damage:
            claim = spool.claim(entry.name)
            if claim is not None:
                line = about(entry, None, self._rooms.clock(), EventKind.REFUSED, code=damage.code)
                self._rooms.ledger.append(line)
                spool.bury(claim)
            return False

    def load(self, digest: str) -> None:
        """Unseal and load one uploaded batch, or record why not and put it among the dead.

        Raises:
            any Retry: it is tried again later. Any Refuse: it has been recorded, and `receipt` raises it from now on.
        """
        spool = self._rooms.spool
        ready = [e.name for e in spool.entries(State.READY) if e.name.mark == mark_of(digest)]
        claim = spool.claim(ready[0]) if ready else None
        if claim is None:
            return
        with claim:
            try:
                receipt = self._load(claim, digest)
            except Refuse as refusal:
                with self._verdicts:
                    self._remember(digest, refusal)
                    spool.bury(claim)
                raise
            spool.settle(claim, receipt)

    def _load(self, claim: Claim, digest: str) -> bytes:
        rooms = self._rooms
        stored = rooms.warehouse.lookup(digest)
        if stored is not None:
            return stored
        with self._refusals_entered(digest, None):
            batch = verify(Sealed.parse(claim.manifest, claim.keys), rooms.trust(), rooms.clock())
        with self._refusals_entered(digest, batch.manifest.sender, batch.manifest), claim.open_payload() as payload:
            claim.require(entry_name(batch.manifest, batch.digest))
            feed = require_schema(batch.manifest, rooms.catalogue)
            check_payload(batch, payload)
            payload.seek(0)
            records = _authentic(PayloadReader(payload, open_key(batch, rooms.decryptor)), feed)
            facts = facts_of(batch, rooms.clock())
            return rooms.warehouse.load(facts, records, lambda result, head: self._issue(batch, facts, result, head))

    def _issue(self, batch: Batch, facts: BatchFacts, result: LoadResult, head: Head) -> bytes:
        """Inside the load's transaction: the receipt exists if and only if the load is committed."""
        return issue_receipt(receipt_of(self._rooms.centre, batch, facts, result, head), self._rooms.signer)

    # --- receipts -----------------------------------------------------------------------------------------------------

    def receipt(self, digest: str, peer: Identity) -> bytes | None:
        """The receipt (DER), None while there is none yet.

        Raises:
            UploadUnknown: nothing of this party's is known by this digest; it may submit again.
            Refuse: what the batch was refused with when it was unsealed or loaded.
        """
        rooms = self._rooms
        stored = rooms.warehouse.lookup(digest)
        if stored is not None:
            require_owner(peek(stored).batch.partition("/")[0], digest, peer, rooms.catalogue)
            return stored
        with self._verdicts:
            if digest in self._refused:
                raise self._refused[digest]
            self.upload(digest, peer)
        return None

    # --- refusals -----------------------------------------------------------------------------------------------------

    def _remember(self, digest: str, refusal: Refuse) -> None:
        """For the sender who asks next. Forgotten at a restart: the sender then submits again and hears it again."""
        while len(self._refused) >= MAX_REMEMBERED:
            self._refused.pop(next(iter(self._refused)))
        self._refused[digest] = refusal

    @contextmanager
    def _refusals_entered(self, digest: str, department: str | None, said: Manifest | None = None) -> Iterator[None]:
        """A refusal stands in the ledger before the sender hears of it; names only from what has been verified."""
        try:
            yield
        except Refuse as refusal:
            kind = EventKind.CONFLICT if isinstance(refusal, Conflict) else EventKind.REFUSED
            line = event(self._rooms.clock(), kind, digest, department, said, code=refusal.code)
            self._rooms.ledger.append(line)
            raise


def _authentic(reader: PayloadReader, feed: Feed) -> Iterator[pa.RecordBatch]:
    """The records, and then the certainty that the payload ended where its sender ended it (ENVELOPE 4.5)."""
    yield from read_records(reader, feed.fields)
    reader.finish()
