"""The inbox that several receivers share: rows in their PostgreSQL, payloads in a shared folder or a bucket.

A receiver that works on it holds nothing of its own: any of them takes the next piece of any upload, answers for a
refusal that another one gave, and loads what a dead one left. What an object store or the database cannot do now is a
Retry, and nothing that was counted is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Connection

from gateway.database import settle
from gateway.database.holding import Hold
from gateway.envelope.papers import Papers
from gateway.errors import (
    EntryDamaged,
    InboxUnavailable,
    Refuse,
    UploadIncomplete,
    UploadUnknown,
)
from gateway.inbox.claim import SharedClaim, SharedEntry, SharedKept
from gateway.inbox.contract import Found, TakenUp
from gateway.inbox.objects import Objects
from gateway.inbox.pieces import Piece, joined
from gateway.inbox.register import Register, Registered, Small, Stage
from gateway.inbox.tables import SCHEMA
from gateway.inbox.upload import SharedUpload
from gateway.spool import EntryName, State

_AT_REST = (State.READY, State.HELD, State.DONE, State.DEAD)
_LOOKED_FOR = 8  # newest pieces, of which one at least must be where this receiver looks


class SharedInbox:
    """Over one register and one place for objects; any number of receivers, and threads of them, may use it at once."""

    def __init__(self, register: Register, objects: Objects) -> None:
        """Raises: what `gateway.database.settle` raises."""
        settle(register.engine, SCHEMA)
        self._register = register
        self._objects = objects

    @property
    def place(self) -> str:
        """Where the payloads lie, as messages show it."""
        return self._objects.place

    # --- uploads ------------------------------------------------------------------------------------------------------

    def arrive(
        self, name: EntryName, digest: str, size: int, manifest: bytes, keys: bytes, papers: Papers
    ) -> SharedUpload:
        """See Inbox."""
        small = Small(manifest=manifest, keys=keys, papers=papers)
        return self._upload(self._register.open(name, digest, size, small))

    def find(self, digest: str) -> Found:
        """See Inbox."""
        found = self._register.find(digest)
        upload = None if found.stage is Stage.DEAD else self._upload(found)
        return Found(name=found.name, upload=upload, refusal=found.refusal)

    def complete(self, digest: str) -> None:
        """See Inbox."""
        found = self._register.complete(digest)
        if found.stage is Stage.PARTIAL:
            raise UploadIncomplete(digest=digest, offset=found.stored, size=found.size)

    def _upload(self, found: Registered) -> SharedUpload:
        return SharedUpload(digest=found.digest, size=found.size, register=self._register, objects=self._objects)

    # --- batches ------------------------------------------------------------------------------------------------------

    def ready(self) -> Sequence[str]:
        """See Inbox."""
        return self._register.ready()

    def claim(self, digest: str) -> SharedClaim | None:
        """See Inbox."""
        if not self._is_ready(digest):
            return None
        hold = Hold.try_on(self._register.engine, f"inbox {self._register.region} {digest}")
        if hold is None:
            return None
        try:
            if self._is_ready(digest):  # whoever had it before us may have decided meanwhile
                found = self._register.find(digest)
                return SharedClaim(inbox=self, found=found, small=self._register.small(digest), hold=hold)
        except BaseException:
            hold.release()
            raise
        hold.release()
        return None

    def _is_ready(self, digest: str) -> bool:
        try:
            return self._register.find(digest).stage is Stage.READY
        except UploadUnknown:
            return False

    def open_payload(self, found: Registered) -> BinaryIO:
        """The ciphertext of a complete upload. Raises EntryDamaged, InboxUnavailable."""
        place = f"{found.stage}/{found.name}"

        def read(piece: Piece) -> bytes:
            data = self._objects.read(piece.object, piece.length)
            if data is None or len(data) != piece.length:
                raise EntryDamaged(place=place, file=piece.object)
            return data

        return joined(self._register.pieces(found.digest), found.size, place, read)

    def settle(self, digest: str, receipt: bytes) -> None:
        """It is loaded, and objects that never counted are swept."""
        self._register.settle(digest, receipt)
        self._sweep(digest)

    def carry(self, digest: str) -> None:
        """It is complete, and addressed to others."""
        self._register.carry(digest)

    def kept(self) -> Iterator[SharedKept]:
        """See Inbox."""
        entries = sorted(self.entries(State.HELD, State.DONE), key=lambda entry: entry.name)
        return (SharedKept(entry=entry) for entry in entries)

    def receipts(self, digest: str) -> tuple[bytes, ...]:
        """See Inbox."""
        try:
            first = self._register.small(digest).receipt
        except UploadUnknown:
            return ()
        return () if first is None else (first, *(receipt for _, receipt in self._register.receipts(digest)))

    def further_receipts(self, digest: str) -> list[tuple[str, bytes]]:
        """(centre, DER) of those beside the first."""
        return self._register.receipts(digest)

    def keep_receipt(self, digest: str, centre: str, receipt: bytes) -> None:
        """See Inbox."""
        self._register.answer(digest, centre, receipt)

    def bury(self, digest: str, refusal: Refuse) -> None:
        """It is refused."""
        self._register.bury(digest, refusal)

    # --- at the start, and with time ----------------------------------------------------------------------------------

    def take_up(self, abandoned: datetime) -> TakenUp:
        """See Inbox. Raises InboxUnavailable: also when the objects there are not those of this register."""
        folders = self._objects.folders()
        self._require_own()
        for digest in self._register.expire(abandoned):
            self._sweep(digest)
        for digest in sorted(set(folders) - self._register.digests()):  # a purge may have been cut off, too
            old = [name for name in self._objects.objects(digest) if self._objects.is_older(name, abandoned)]
            self._objects.remove(old)
        return TakenUp(waiting=tuple(self.ready()), damaged=())

    def _require_own(self) -> None:
        """An empty mount point, or another bucket, must not be written to as if it were ours."""
        newest = self._register.newest_pieces(_LOOKED_FOR)
        if newest and all(self._objects.read(piece.object, 1) is None for piece in newest):
            zh, en = (
                "其中没有本中心已收到的数据,可能未挂载",
                "it does not hold what this centre received: is it mounted?",
            )
            raise InboxUnavailable(place=self._objects.place, reason_zh=zh, reason_en=en)

    def _sweep(self, digest: str) -> None:
        """Remove the objects of this batch that do not count."""
        counted = {piece.object for piece in self._register.pieces(digest)}
        with suppress(InboxUnavailable):  # what cannot be removed now is in nobody's way
            self._objects.remove(name for name in self._objects.objects(digest) if name not in counted)

    # --- for backup and restore ---------------------------------------------------------------------------------------

    def listed(self, connection: Connection) -> Iterator[tuple[str, int]]:
        """Name and length of each object that complete batches lie in, as this transaction sees them."""
        return ((piece.object, piece.length) for piece in self._register.complete_pieces(connection))

    def read(self, name: str, length: int) -> bytes | None:
        """An object of that length, None if it is not there. Raises InboxUnavailable."""
        data = self._objects.read(name, length + 1)
        return data if data is not None and len(data) == length else None

    def forget_unfinished(self) -> None:
        """Give up uploads that were growing: their senders submit them again."""
        self._register.expire_all()

    # --- for the archive, fsck and lists ------------------------------------------------------------------------------

    def entries(self, *states: State) -> list[SharedEntry]:
        """What is in these states (all of them when none is named), ordered by state, then name; see Spool.entries."""
        stages = [Stage(state) for state in states or _AT_REST if state in _AT_REST]
        return [SharedEntry(inbox=self, found=found) for found in self._register.all(*stages)] if stages else []

    def faults(self) -> Iterator[EntryDamaged]:
        """See Spool.faults: the database leaves nothing out, and payloads are read by whoever checks them."""
        return iter(())

    def small(self, digest: str) -> Small:
        """The small files of a batch. Raises UploadUnknown."""
        return self._register.small(digest)

    def lighten(self, digest: str) -> None:
        """Remove the payload of a batch that is done; whoever asks knows of a verified archive that holds it."""
        self._register.give_up_pieces(digest)
        self._sweep(digest)
