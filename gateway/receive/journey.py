"""Receive, the third journey: admit -> unseal -> warehouse (rows, dedup, ledger, receipt: one transaction).

The centre behind the wire. Admission looks only at the two small signed files; nothing is decrypted before the whole
payload has its signed digest, and nothing is committed before every segment and every control total agrees. Every
refusal stands in the ledger with its code. Must never construct a room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from gateway.catalogue import Catalogue, Feed
from gateway.envelope.manifest import Manifest
from gateway.envelope.papers import Papers
from gateway.envelope.parties import Decryptor, Signer, Trust
from gateway.envelope.payload import PayloadReader
from gateway.envelope.receipt import issue_receipt, peek
from gateway.envelope.sealed import Batch, Sealed, check_payload, check_recipient, open_key, verify
from gateway.errors import Conflict, EntryDamaged, Refuse, RefusedAbove, UploadUnknown
from gateway.inbox import Claimed, Inbox, Upload
from gateway.journal import about_name
from gateway.keys import Identity, Party
from gateway.ledger import EventKind, Head, Ledger
from gateway.orders import enter_order
from gateway.presence import Presence, Report
from gateway.receive.account import Bringer, brought_by, event, facts_of, receipt_of
from gateway.receive.carrying import enter_relayed, refused_above
from gateway.receive.clearance import Checkpoint, Clearance, clear
from gateway.receive.entitlement import (
    feed_of,
    only_carries,
    own_report,
    require_entitled,
    require_owner,
    require_schema,
)
from gateway.receive.holding import enter_holds
from gateway.records.stream import read_records
from gateway.terms import entry_name
from gateway.warehouse import BatchFacts, LoadResult, Warehouse

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
class Known:
    """What is known of a batch: receipts (DER), our own first, and the refusal of a centre above, if it is the last."""

    receipts: tuple[bytes, ...]
    refused: RefusedAbove | None


@dataclass(frozen=True, kw_only=True)
class _Submission:
    """The small files as they came, and how far the sender's clock was ahead."""

    manifest: bytes
    keys: bytes
    papers: Papers
    skew: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The rooms of a centre; `centre` is its own id. Trust is asked for at each use, so a new CRL counts at once.

    Keys are asked for when a batch addressed to this centre is opened or answered: a relay holds none.
    """

    centre: str
    catalogue: Catalogue
    inbox: Inbox
    ledger: Ledger
    warehouse: Warehouse
    presence: Presence
    trust: Callable[[], Trust]
    signer: Callable[[], Signer]
    decryptor: Callable[[], Decryptor]
    clock: Callable[[], datetime]


class Reception:
    """What the wire calls, from worker threads. It holds nothing: any number of them may share one inbox and store."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    # --- submissions --------------------------------------------------------------------------------------------------

    def admit(
        self, manifest: bytes, keys: bytes, papers: Papers, peer: Identity, skew: timedelta | None = None
    ) -> Admitted | Receipted:
        """Judge a submission. The same submission again gives the same upload, or the same receipt.

        Args:
            skew: how far the sender's clock is ahead of this node's; None: unknown.

        Raises:
            any step of ENVELOPE.md sections 2 and 3; FeedUnknown, NotEntitled, SchemaDiffers, Conflict,
            RevisionOutOfOrder, CorrectsUnknown, OrderSpent, all that `clear` raises; any Retry.
        """
        digest = hashlib.sha256(manifest).hexdigest()
        with self._refusals_entered(digest, brought_by(peer)):
            batch = verify(Sealed.parse(manifest, keys), self._rooms.trust(), self._rooms.clock())
        with self._refusals_entered(digest, brought_by(peer), batch.manifest):
            return self._admit(batch, peer, _Submission(manifest=manifest, keys=keys, papers=papers, skew=skew))

    def _admit(self, batch: Batch, peer: Identity, came: _Submission) -> Admitted | Receipted:
        rooms, said = self._rooms, batch.manifest
        feed = require_entitled(said, peer, rooms.centre, rooms.catalogue)
        if peer.party is Party.DEPARTMENT:
            rooms.presence.hear(peer.id, rooms.clock(), came.skew)
        known = self._known(batch.digest)
        if known:
            rooms.ledger.append(event(rooms.clock(), EventKind.DUPLICATE, batch.digest, brought_by(peer), said))
            return Receipted(receipt=known[0])
        if not only_carries(said, rooms.centre, feed):
            self._require_loadable(batch, came.papers)
        name, size = entry_name(said, batch.digest), said.payload.size
        upload = rooms.inbox.arrive(name, batch.digest, size, came.manifest, came.keys, came.papers)
        offset = upload.offset
        if not offset:
            line = event(rooms.clock(), EventKind.ADMITTED, batch.digest, brought_by(peer), said, skew=came.skew)
            rooms.ledger.append(line)
        return Admitted(digest=batch.digest, batch=said.batch_id, offset=offset, size=size)

    def _require_loadable(self, batch: Batch, papers: Papers) -> None:
        """All that can be known of a batch addressed to this centre before its payload is here."""
        rooms = self._rooms
        check_recipient(batch, rooms.centre)
        open_key(batch, rooms.decryptor())
        require_schema(batch.manifest, rooms.catalogue)
        at = rooms.clock()
        clearance = self._clear(batch, papers, at)
        rooms.warehouse.require_next(facts_of(batch, clearance, at))
        if clearance.order is not None:
            enter_order(clearance.order, at, rooms.ledger)

    def _clear(self, batch: Batch, papers: Papers, at: datetime) -> Clearance:
        rooms = self._rooms
        here = Checkpoint(centre=rooms.centre, catalogue=rooms.catalogue, trust=rooms.trust(), at=at)
        return clear(batch, papers, here)

    # --- heartbeats ---------------------------------------------------------------------------------------------------

    def hear(self, report: Report, peer: Identity, skew: timedelta | None) -> datetime:
        """Keep what a front-end says of itself, and say when it came.

        Raises:
            HeartbeatNotAwaited, HeartbeatOfOthers; any Retry.
        """
        rooms = self._rooms
        own, at = own_report(report, peer, rooms.centre, rooms.catalogue), rooms.clock()
        enter_holds(peer.id, own, rooms.presence.all(), rooms.ledger, at)
        rooms.presence.hear(peer.id, at, skew, own)
        return at

    # --- uploads ------------------------------------------------------------------------------------------------------

    def upload(self, digest: str, peer: Identity) -> Upload:
        """The upload a submission opened.

        Raises:
            UploadUnknown: also for another party's.
            Refuse: what the batch was refused with since.
        """
        found = self._rooms.inbox.find(digest)
        require_owner(found.name.feed, digest, peer, self._rooms.centre, self._rooms.catalogue)
        if found.refusal is not None or found.upload is None:
            raise found.refusal or UploadUnknown(digest=digest)
        return found.upload

    def uploaded(self, digest: str) -> None:
        """All bytes are on disk: the batch is ready to be loaded. Again after a crash: the same."""
        self._rooms.inbox.complete(digest)

    # --- loads --------------------------------------------------------------------------------------------------------

    def waiting(self) -> Iterable[str]:
        """Digests uploaded and neither loaded nor refused; asked once, at the start, which also tidies the inbox."""
        taken = self._rooms.inbox.take_up(self._rooms.clock() - ABANDONED)
        for claim in taken.damaged:
            with claim:
                self._bury_damaged(claim)
        return taken.waiting

    def ready(self) -> Sequence[str]:
        """Digests that wait to be loaded, oldest first, perhaps not all: also what other receivers left."""
        return self._rooms.inbox.ready()

    def _bury_damaged(self, claim: Claimed) -> None:
        """One that was robbed of its manifest is ledgered, buried, and comes again."""
        damage = EntryDamaged(place=str(claim.name), file="manifest")
        line = about_name(claim.name, None, self._rooms.clock(), EventKind.REFUSED, code=damage.code)
        self._rooms.ledger.append(line)
        claim.bury(damage)

    def load(self, digest: str) -> None:
        """Unseal and load one uploaded batch, or record why not and put it among the dead.

        Raises:
            any Retry: it is tried again later. Any Refuse: it has been recorded, and `receipt` raises it from now on.
        """
        claim = self._rooms.inbox.claim(digest)
        if claim is None:
            return
        with claim:
            try:
                receipt = self._load(claim, digest)
            except Refuse as refusal:
                claim.bury(refusal)
                raise
            if receipt is None:
                claim.carry()
            else:
                claim.settle(receipt)

    def _load(self, claim: Claimed, digest: str) -> bytes | None:
        """The receipt, or None of a batch that is only carried here: its payload came whole, and nothing is opened."""
        rooms = self._rooms
        stored = rooms.warehouse.lookup(digest)
        if stored is not None:
            return stored
        with self._refusals_entered(digest, Bringer()):
            batch = verify(Sealed.parse(claim.manifest, claim.keys), rooms.trust(), rooms.clock())
        said, sender = batch.manifest, Bringer(department=batch.manifest.sender)
        with self._refusals_entered(digest, sender, said), claim.open_payload() as payload:
            claim.require(entry_name(said, batch.digest))
            if only_carries(said, rooms.centre, feed_of(said, rooms.catalogue)):
                check_payload(batch, payload)
                enter_relayed(rooms.ledger, event(rooms.clock(), EventKind.RELAYED, digest, sender, said))
                return None
            feed = require_schema(said, rooms.catalogue)
            check_payload(batch, payload)
            payload.seek(0)
            records = _authentic(PayloadReader(payload, open_key(batch, rooms.decryptor())), feed)
            at = rooms.clock()
            facts = facts_of(batch, self._clear(batch, claim.papers, at), at)
            return rooms.warehouse.load(facts, records, lambda result, head: self._issue(batch, facts, result, head))

    def _issue(self, batch: Batch, facts: BatchFacts, result: LoadResult, head: Head) -> bytes:
        """Inside the load's transaction: the receipt exists if and only if the load is committed."""
        return issue_receipt(receipt_of(self._rooms.centre, batch, facts, result, head), self._rooms.signer())

    # --- receipts -----------------------------------------------------------------------------------------------------

    def receipt(self, digest: str, peer: Identity) -> bytes | None:
        """The receipt (DER), None while there is none yet: our own; a centre above's of what we only carry.

        Raises:
            UploadUnknown: nothing of this party's is known by this digest; it may submit again.
            Refuse: what the batch was refused with when it was unsealed or loaded, here or above (RefusedAbove).
        """
        return next(iter(self.receipts(digest, peer).receipts), None)

    def receipts(self, digest: str, peer: Identity) -> Known:
        """Every receipt of a batch that is known here, none while there is none, and a refusal above. As `receipt`."""
        rooms, known = self._rooms, self._known(digest)
        if known:
            batch = peek(known[0]).batch
            require_owner(batch.partition("/")[0], digest, peer, rooms.centre, rooms.catalogue)
            return Known(receipts=known, refused=self._refused_above(batch, digest))
        self.upload(digest, peer)
        refused = self._refused_above(rooms.inbox.find(digest).name.batch, digest)
        if refused is not None:
            raise refused
        return Known(receipts=(), refused=None)

    def _refused_above(self, batch: str, digest: str) -> RefusedAbove | None:
        rooms = self._rooms
        above = rooms.catalogue.feed(batch.partition("/")[0]).above(rooms.centre)
        return refused_above(rooms.ledger, batch, digest, above)

    def _known(self, digest: str) -> tuple[bytes, ...]:
        own = self._rooms.warehouse.lookup(digest)
        further = (receipt for receipt in self._rooms.inbox.receipts(digest) if receipt != own)
        return tuple(further) if own is None else (own, *further)

    # --- refusals -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _refusals_entered(self, digest: str, bringer: Bringer, said: Manifest | None = None) -> Iterator[None]:
        """A refusal stands in the ledger before the sender hears of it; names only from what has been verified."""
        try:
            yield
        except Refuse as refusal:
            kind = EventKind.CONFLICT if isinstance(refusal, Conflict) else EventKind.REFUSED
            line = event(self._rooms.clock(), kind, digest, bringer, said, code=refusal.code)
            self._rooms.ledger.append(line)
            raise


def _authentic(reader: PayloadReader, feed: Feed) -> Iterator[pa.RecordBatch]:
    """The records, and then the certainty that the payload ended where its sender ended it (ENVELOPE 4.5)."""
    yield from read_records(reader, feed.fields)
    reader.finish()
