"""What the wire needs of the centre: the `Reception` protocol, implemented by `gateway.receive`.

All methods are called from worker threads, several at a time (`load` one at a time in each receiver), and answer or
raise a YizhanError, which becomes a problem document. `peer` is already verified: it is who holds the connection's
certificate. Which feeds that party may send, and which uploads and receipts it may see, is the reception's decision
(`NotEntitled`, and `UploadUnknown` for what belongs to another party).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from gateway.envelope.papers import Papers
from gateway.errors import RefusedAbove
from gateway.inbox import Upload
from gateway.keys import Identity
from gateway.presence import Report


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


class Known(Protocol):
    """Receipts (DER), our own first, then those of centres above; the refusal of one of these, if it is the last."""

    @property
    def receipts(self) -> tuple[bytes, ...]: ...

    @property
    def refused(self) -> RefusedAbove | None: ...


class Reception(Protocol):
    """The centre behind the wire."""

    def hear(self, report: Report, peer: Identity, skew: timedelta | None) -> datetime:
        """Keep what a front-end says of itself, and say when it came.

        Raises:
            HeartbeatNotAwaited, HeartbeatOfOthers; any Retry.
        """

    def admit(
        self, manifest: bytes, keys: bytes, papers: Papers, peer: Identity, skew: timedelta | None
    ) -> Admitted | Receipted:
        """Judge a submission. The same submission again gives the same upload, or the receipt.

        Args:
            skew: how far the sender's clock is ahead of this node's; None: unknown.

        Raises:
            NotEntitled, Conflict, RevisionOutOfOrder, FeedUnknown, any step of ENVELOPE.md; any Retry.
        """

    def upload(self, digest: str, peer: Identity) -> Upload:
        """The upload a submission opened. Raises UploadUnknown, or what the batch was refused with."""

    def uploaded(self, digest: str) -> None:
        """All bytes are on disk: hand the batch over for loading. Idempotent: it is called again after a crash."""

    def load(self, digest: str) -> None:
        """Unseal and load one uploaded batch and store its receipt, or record why not; nothing to do if that is done.

        A Retry is tried again later. Any other YizhanError has been recorded and is what `receipt` raises from now on.
        """

    def waiting(self) -> Iterable[str]:
        """Digests uploaded and neither loaded nor refused, oldest first; asked once, at the start."""

    def ready(self) -> Sequence[str]:
        """The same, perhaps not all, asked every few seconds: what other receivers left. It must be cheap."""

    def receipt(self, digest: str, peer: Identity) -> bytes | None:
        """The receipt (DER), None while there is none yet. Raises UploadUnknown, or what the batch was refused with."""

    def receipts(self, digest: str, peer: Identity) -> Known:
        """All that is known here of a batch's receipts, and of a refusal above. Raises as `receipt`."""
