"""What the wire needs of the centre: the `Reception` protocol, implemented by `gateway.receive`.

All methods are called from worker threads, several at a time (`load` one at a time), and answer or raise a YizhanError,
which becomes a problem document. `peer` is already verified: it is who holds the connection's certificate. Which feeds
that party may send, and which uploads and receipts it may see, is the reception's decision (`NotEntitled`, and
`UploadUnknown` for what belongs to another party).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from gateway.keys import Identity


class Admitted(Protocol):
    """The batch may come: `offset` of `size` payload bytes are on disk. `digest` is the manifest's SHA-256, hex."""

    @property
    def digest(self) -> str: ...

    @property
    def batch(self) -> str: ...

    @property
    def offset(self) -> int: ...

    @property
    def size(self) -> int: ...


@runtime_checkable
class Receipted(Protocol):
    """The batch came before and is loaded: here is its receipt (DER). Told from `Admitted` by having one."""

    @property
    def receipt(self) -> bytes: ...


class Upload(Protocol):
    """A payload on its way; `gateway.spool.Arrival` is one."""

    @property
    def digest(self) -> str:
        """The manifest's SHA-256, hex."""

    @property
    def size(self) -> int:
        """Bytes the manifest declares."""

    @property
    def offset(self) -> int:
        """Bytes really on disk; equal to `size` once the batch is complete, loaded or refused."""

    def append(self, offset: int, data: bytes | memoryview) -> int:
        """Store `data` at `offset`, force it to the disk, give the new offset.

        Raises:
            OffsetMismatch, TooLarge, UploadBusy, UploadUnknown; any Retry when the disk cannot take it.
        """


class Reception(Protocol):
    """The centre behind the wire."""

    def admit(self, manifest: bytes, keys: bytes, peer: Identity) -> Admitted | Receipted:
        """Judge a submission. The same submission again gives the same upload, or the receipt.

        Raises:
            NotEntitled, Conflict, RevisionOutOfOrder, FeedUnknown, any step of ENVELOPE.md; any Retry.
        """

    def upload(self, digest: str, peer: Identity) -> Upload:
        """The upload a submission opened. Raises UploadUnknown."""

    def uploaded(self, digest: str) -> None:
        """All bytes are on disk: hand the batch over for loading. Idempotent: it is called again after a crash."""

    def load(self, digest: str) -> None:
        """Unseal and load one uploaded batch and store its receipt, or record why not; nothing to do if that is done.

        A Retry is tried again later. Any other YizhanError has been recorded and is what `receipt` raises from now on.
        """

    def waiting(self) -> Iterable[str]:
        """Digests uploaded and neither loaded nor refused, oldest first; asked once, at the start."""

    def receipt(self, digest: str, peer: Identity) -> bytes | None:
        """The receipt (DER), None while there is none yet. Raises UploadUnknown, or what the batch was refused with."""
