"""Entries: what waits in the spool, and the claim by which one process alone works on one of them.

Owns reading an entry's files. It must never move an entry: moving is the queue's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from gateway.spool.disk import Hold, door
from gateway.spool.names import EntryName

MANIFEST, KEYS, PAYLOAD, RECEIPT = "manifest.p7s", "keys.p7m", "payload", "receipt.p7s"


class State(StrEnum):
    """Where an entry is; the value is the directory's name. Drafts and uploads in progress are in none of these."""

    READY = "ready"
    INFLIGHT = "inflight"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One sealed batch in the spool, as it stood when it was listed; it may have moved since.

    Attributes:
        path: directory holding `manifest.p7s`, `keys.p7m`, `payload`, and once answered `receipt.p7s`.
    """

    name: EntryName
    state: State
    path: Path

    @property
    def payload(self) -> Path:
        """The ciphertext's path."""
        return self.path / PAYLOAD

    @property
    def manifest(self) -> bytes:
        """DER bytes of the manifest, unverified."""
        return self._read(MANIFEST)

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, 64 hex digits: what the batch is known by on the wire and in every ledger."""
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def keys(self) -> bytes:
        """DER bytes of the key envelope, unverified."""
        return self._read(KEYS)

    @property
    def receipt(self) -> bytes | None:
        """DER bytes of the receipt, unverified, or `None`.

        A claimed entry that has one was interrupted while it settled: check it and settle again, nothing need be sent.
        """
        return self._read(RECEIPT) if (self.path / RECEIPT).exists() else None

    def _read(self, file: str) -> bytes:
        with door(f"读取 {self.name} 的 {file}", f"read {file} of {self.name}"):
            return (self.path / file).read_bytes()


@dataclass(frozen=True, kw_only=True)
class Claim(Entry):
    """An entry in `inflight` that this process alone holds, until it is settled, deferred, buried, or let go.

    Leaving the `with` block lets go. An entry let go without a decision returns to `ready` at the next recovery, as
    does the entry of a process that died.
    """

    hold: Hold

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hold.release()
