"""Entries: what waits in the spool, and the claim by which one process alone works on one of them.

Owns reading an entry's files. It must never move an entry: moving is the queue's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from gateway.envelope.papers import Papers
from gateway.envelope.papers.bundle import PAPERS
from gateway.errors import EntryDamaged
from gateway.spool.disk import Hold, door
from gateway.spool.names import EntryName

MANIFEST, KEYS, PAYLOAD, RECEIPT = "manifest.p7s", "keys.p7m", "payload", "receipt.p7s"
PAPER_FILES = {name: f"{name}.p7s" for name in PAPERS}
_FURTHER_RECEIPT = re.compile(r"receipt-([a-z0-9][a-z0-9_-]{0,62})\.p7s", re.ASCII)


class State(StrEnum):
    """Where an entry is; the value is the directory's name. Drafts and uploads in progress are in none of these."""

    READY = "ready"
    INFLIGHT = "inflight"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One sealed batch in the spool, as it stood when it was listed; it may have moved since.

    Attributes:
        path: directory holding `manifest.p7s`, `keys.p7m`, `payload`, the papers that go with it, and once answered
            `receipt.p7s`; then `receipt-<centre>.p7s` of each further centre on its way.
    """

    name: EntryName
    state: State
    path: Path

    @property
    def place(self) -> str:
        """Where it lies below the spool's root, for messages."""
        return f"{self.state.value}/{self.name}"

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

    @property
    def papers(self) -> Papers:
        """The papers that travel with it, unverified."""
        present = (name for name, file in PAPER_FILES.items() if (self.path / file).exists())
        return Papers.of((name, self._read(PAPER_FILES[name])) for name in present)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file but the payload, by its name, unverified."""
        with door(f"读取 {self.name}", f"read {self.name}"):
            found = (path for path in self.path.iterdir() if path.name != PAYLOAD)
            return {path.name: path.read_bytes() for path in found}

    @property
    def size(self) -> int | None:
        """Bytes of the payload; None where it was removed."""
        with door(f"读取 {self.name} 的数据", f"read the payload of {self.name}"):
            return self.payload.stat().st_size if self.payload.exists() else None

    @property
    def further_receipts(self) -> tuple[tuple[str, bytes], ...]:
        """(centre, DER bytes of its receipt, unverified) of the centres behind the one that answered first."""
        with door(f"读取 {self.name} 的回执", f"read the receipts of {self.name}"):
            found = ((centre_of(path.name), path) for path in sorted(self.path.iterdir()))
            return tuple((centre, path.read_bytes()) for centre, path in found if centre is not None)

    def open_payload(self) -> BinaryIO:
        """The ciphertext, for reading. Raises EntryDamaged, SpoolUnavailable."""
        with self._reading(PAYLOAD):
            return self.payload.open("rb")

    def require(self, name: EntryName) -> None:
        """Raise unless the batch found inside, whose name this is, is the one that was stored here.

        Files that changed places between two entries are each of them authentic; only the name tells.

        Raises:
            EntryDamaged
        """
        if name != self.name:
            raise EntryDamaged(place=self.place, file=MANIFEST)

    def _read(self, file: str) -> bytes:
        with self._reading(file):
            return (self.path / file).read_bytes()

    @contextmanager
    def _reading(self, file: str) -> Iterator[None]:
        with door(f"读取 {self.name} 的 {file}", f"read {file} of {self.name}"):
            try:
                yield
            except FileNotFoundError:
                raise EntryDamaged(place=self.place, file=file) from None


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


def further_receipt(centre: str) -> str:
    """The name of the file that holds a further centre's receipt."""
    return f"receipt-{centre}.p7s"


def centre_of(file: str) -> str | None:
    """The centre whose receipt this file holds; None for every other file."""
    match = _FURTHER_RECEIPT.fullmatch(file)
    return match[1] if match else None
