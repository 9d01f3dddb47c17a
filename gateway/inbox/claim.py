"""Batches of the shared inbox in somebody's hands: claimed by the one receiver that loads it, or only looked at.

Must never move a batch but by its verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from shutil import copyfileobj
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from gateway.database.holding import Hold
from gateway.envelope.papers import Papers
from gateway.errors import EntryDamaged, Refuse
from gateway.inbox.register import Registered, Small
from gateway.spool import EntryName, Spool, State
from gateway.spool.entry import KEYS, MANIFEST, PAPER_FILES, RECEIPT, further_receipt

_AT_ONCE = 1024 * 1024


class Keeper(Protocol):
    """What of the shared inbox they need. `place`: where objects lie, as messages show it."""

    @property
    def place(self) -> str: ...

    def small(self, digest: str) -> Small: ...

    def open_payload(self, found: Registered) -> BinaryIO: ...

    def settle(self, digest: str, receipt: bytes) -> None: ...

    def carry(self, digest: str) -> None: ...

    def bury(self, digest: str, refusal: Refuse) -> None: ...

    def further_receipts(self, digest: str) -> list[tuple[str, bytes]]: ...


@dataclass(frozen=True, kw_only=True)
class SharedClaim:
    """See Claimed. Its hold ends with the process; a verdict counts only while none was given."""

    inbox: Keeper
    found: Registered
    small: Small
    hold: Hold

    @property
    def name(self) -> EntryName:
        """See Claimed."""
        return self.found.name

    @property
    def manifest(self) -> bytes:
        """See Claimed."""
        return self.small.manifest

    @property
    def keys(self) -> bytes:
        """See Claimed."""
        return self.small.keys

    @property
    def papers(self) -> Papers:
        """See Claimed."""
        return self.small.papers

    def open_payload(self) -> BinaryIO:
        """See Claimed."""
        return self.inbox.open_payload(self.found)

    def require(self, name: EntryName) -> None:
        """See Claimed."""
        if name != self.name:
            raise EntryDamaged(place=f"{self.found.stage}/{self.name}", file="manifest")

    def settle(self, receipt: bytes) -> None:
        """See Claimed."""
        self.inbox.settle(self.found.digest, receipt)

    def carry(self) -> None:
        """See Claimed."""
        self.inbox.carry(self.found.digest)

    def bury(self, refusal: Refuse) -> None:
        """See Claimed."""
        self.inbox.bury(self.found.digest, refusal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hold.release()


@dataclass(frozen=True, kw_only=True)
class SharedEntry:
    """A batch at rest, as it stood when it was listed; it shows what an entry of the spool shows."""

    inbox: Keeper
    found: Registered

    @property
    def name(self) -> EntryName:
        """Which batch."""
        return self.found.name

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, as registered."""
        return self.found.digest

    @property
    def state(self) -> State:
        """In the spool's words; one that is being loaded is still ready."""
        return State(self.found.stage)

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.found.stage}/{self.found.name}"

    @property
    def size(self) -> int | None:
        """Bytes of the payload; None once it was removed, see `SharedInbox.lighten`."""
        return self.found.size if self.found.stored == self.found.size else None

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file but the payload, by the name it has in a spool, unverified. Raises UploadUnknown."""
        small = self.inbox.small(self.digest)
        found = {MANIFEST: small.manifest, KEYS: small.keys}
        found |= {PAPER_FILES[paper]: content for paper, content in small.papers.files()}
        found |= {further_receipt(centre): receipt for centre, receipt in self.inbox.further_receipts(self.digest)}
        return found | ({RECEIPT: small.receipt} if small.receipt is not None else {})

    @property
    def small(self) -> Small:
        """The same, by what they are."""
        return self.inbox.small(self.digest)

    @property
    def receipt(self) -> bytes | None:
        """DER bytes of the receipt, unverified, or None."""
        return self.small.receipt

    @property
    def further_receipts(self) -> tuple[tuple[str, bytes], ...]:
        """(centre, DER bytes of its receipt, unverified) of the centres behind the one that answered first."""
        return tuple(self.inbox.further_receipts(self.digest))

    @property
    def path(self) -> str:
        """Where the pieces of its payload lie."""
        return f"{self.inbox.place}/{self.digest}"

    def open_payload(self) -> BinaryIO:
        """The ciphertext. Raises EntryDamaged, InboxUnavailable."""
        return self.inbox.open_payload(self.found)


@dataclass(frozen=True, kw_only=True)
class SharedKept:
    """See Kept."""

    entry: SharedEntry

    @property
    def name(self) -> EntryName:
        """See Kept."""
        return self.entry.name

    @property
    def manifest(self) -> bytes:
        """See Kept."""
        return self.entry.small.manifest

    def put_into(self, spool: Spool) -> None:
        """See Kept. The payload is copied, and the copy is on the disk before the entry is shown."""
        small = self.entry.small
        with spool.begin() as draft, self.entry.open_payload() as payload:
            copyfileobj(payload, draft.payload, _AT_ONCE)
            draft.commit(self.name, small.manifest, small.keys, papers=small.papers)
