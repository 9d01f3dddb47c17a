"""What receiving needs of an inbox. Every call may be repeated after a crash at any point, at this receiver or another.

Protocols and values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from gateway.envelope.papers import Papers
from gateway.errors import Refuse
from gateway.spool import EntryName, Spool


class Upload(Protocol):
    """A payload on its way."""

    @property
    def digest(self) -> str:
        """The manifest's SHA-256, hex."""

    @property
    def size(self) -> int:
        """Bytes the manifest declares."""

    @property
    def offset(self) -> int:
        """Bytes safely stored; equal to `size` once the batch is complete, loaded or refused. Raises UploadUnknown."""

    def append(self, offset: int, data: bytes | memoryview) -> int:
        """Store `data` at `offset`, safely, and give the new offset.

        Raises:
            OffsetMismatch, TooLarge, UploadBusy, UploadUnknown; any Retry when it cannot be stored now.
        """


class Claimed(Protocol):
    """A complete batch that this receiver alone works on; leaving the block without a verdict lets go of it."""

    @property
    def name(self) -> EntryName: ...

    @property
    def manifest(self) -> bytes: ...

    @property
    def keys(self) -> bytes: ...

    @property
    def papers(self) -> Papers: ...

    def open_payload(self) -> BinaryIO:
        """The ciphertext, for reading and seeking. Raises EntryDamaged; any Retry."""

    def require(self, name: EntryName) -> None:
        """Raise EntryDamaged unless the batch found inside, whose name this is, is the one that was stored here."""

    def settle(self, receipt: bytes) -> None:
        """It is loaded: keep it with its receipt."""

    def carry(self) -> None:
        """It is only carried here: keep it, unopened, until `keep_receipt` brings the receipt of a centre above."""

    def bury(self, refusal: Refuse) -> None:
        """It was refused for good: whoever asks for it from now on finds this refusal."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


class Kept(Protocol):
    """A batch that this centre has done with: loaded, or taken to be carried on."""

    @property
    def name(self) -> EntryName: ...

    @property
    def manifest(self) -> bytes: ...

    def put_into(self, spool: Spool) -> None:
        """Have the same bytes, unopened, ready in a spool of this machine; again: nothing more.

        Raises: EntryDamaged; any Retry.
        """


@dataclass(frozen=True, kw_only=True)
class Found:
    """A batch that the inbox knows: an upload, complete or not, or what it was refused with."""

    name: EntryName
    upload: Upload | None
    refusal: Refuse | None


@dataclass(frozen=True, kw_only=True)
class TakenUp:
    """What an inbox held when a receiver started.

    Attributes:
        waiting: digests to be loaded, oldest first. damaged: entries that lost their manifest.
    """

    waiting: tuple[str, ...]
    damaged: tuple[Claimed, ...]


class Inbox(Protocol):
    """Every call may raise a Retry when the store cannot be reached."""

    def arrive(self, name: EntryName, digest: str, size: int, manifest: bytes, keys: bytes, papers: Papers) -> Upload:
        """Open the upload of an admitted batch, or find it again where it stands; an earlier refusal is forgotten.

        Papers that come later (a release that was missing, an order) take the place of those that came first.
        """

    def find(self, digest: str) -> Found:
        """Raises: UploadUnknown."""

    def complete(self, digest: str) -> None:
        """Every byte is there: the batch is ready to be loaded. Again after a crash: the same."""

    def ready(self) -> Sequence[str]:
        """Digests that wait to be loaded, oldest first, perhaps not all; asked every few seconds: cheap."""

    def claim(self, digest: str) -> Claimed | None:
        """The batch, for this receiver alone; None when it is not ready or somebody else has it."""

    def kept(self) -> Iterable[Kept]:
        """All that was settled or is carried, in the order of its names: what may have to go upward from here."""

    def receipts(self, digest: str) -> tuple[bytes, ...]:
        """The receipts (DER) kept beside a batch that is settled: the first one it was settled with, then the others.

        None for a batch that is not settled, or not known.
        """

    def keep_receipt(self, digest: str, centre: str, receipt: bytes) -> None:
        """Keep the verified receipt of a centre above; with the first one, what is carried here is settled.

        Again: nothing more. Raises: EntryUnknown, EntryBusy.
        """

    def take_up(self, abandoned: datetime) -> TakenUp:
        """At the start: tidy up after dead processes, and give up uploads to which nothing was added since then."""
