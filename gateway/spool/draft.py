"""Drafts: a sealed batch while it is being written, in `partial`, out of everyone's sight.

Owns the order in which a new entry becomes durable. It must never be seen by a claim before `commit` returns.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from gateway.envelope.papers import Papers
from gateway.errors import EntryDamaged
from gateway.spool.disk import Hold, create, door, make_directory, sync, write_all, write_new
from gateway.spool.entry import KEYS, MANIFEST, PAPER_FILES, PAYLOAD, Entry, State
from gateway.spool.names import EntryName

Publish = Callable[[Path, EntryName, State], Entry]
"""Moves a finished directory into a state, under the queue's rules."""

NO_PAPERS = Papers()


class PayloadFile:
    """Where the ciphertext is written: a binary sink whose errors are the spool's own."""

    def __init__(self, path: Path) -> None:
        self._handle: int | None = create(path)

    def write(self, data: bytes | memoryview) -> int:
        """Append all of `data`. Raises SpoolFull, SpoolUnavailable."""
        with door("写入载荷", "write the payload"):
            write_all(self.fileno(), data)
        return len(data)

    def fileno(self) -> int:
        """The open descriptor."""
        if self._handle is None:
            raise ValueError("the payload file is closed")
        return self._handle

    def sync(self) -> None:
        """Force what was written to the disk."""
        os.fsync(self.fileno())

    def close(self) -> None:
        """Close it; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class Draft:
    """A new entry being written: first `payload`, then `commit`; leaving the `with` block before that discards it.

    Attributes:
        payload: the sink for the ciphertext.
    """

    def __init__(self, path: Path, hold: Hold, publish: Publish) -> None:
        self._path = path
        self._hold = hold
        self._publish = publish
        self.payload = PayloadFile(path / PAYLOAD)

    @classmethod
    def begin(cls, path: Path, publish: Publish) -> Draft:
        """A fresh directory, locked by this process; the caller keeps sweepers out meanwhile."""
        make_directory(path)
        return cls(path, Hold.wait_on(path), publish)

    def commit(
        self,
        name: EntryName,
        manifest: bytes,
        keys: bytes,
        *,
        papers: Papers = NO_PAPERS,
        state: State = State.READY,
    ) -> Entry:
        """Make the entry durable and show it: fsync of every file, of the directory, rename, fsync of both.

        Args:
            state: `ready`, or `held` where somebody has to release it first.

        Raises:
            SpoolOccupied: this batch id is already in the spool, sealed otherwise.
            SpoolFull, SpoolUnavailable: nothing is shown; the draft is discarded when it is left.
        """
        with door(f"存入 {name}", f"put {name}"):
            write_new(self._path / MANIFEST, manifest)
            write_new(self._path / KEYS, keys)
            for paper, content in papers.files():
                write_new(self._path / PAPER_FILES[paper], content)
            self.payload.sync()
            self.payload.close()
            sync(self._path)
            entry = self._publish(self._path, name, state)
        self._hold.release()
        return entry

    def discard(self) -> None:
        """Remove the draft unless it was committed."""
        self.payload.close()
        if self._hold.still_at(self._path):
            shutil.rmtree(self._path, ignore_errors=True)  # what stays behind, the next sweep removes
        self._hold.release()

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.discard()


def link_sealed(other: Entry, directory: Path) -> None:
    """Link the sealed batch of an entry, and the papers that travel with it, into a fresh directory.

    Its files are on the disk already, and nobody writes into them: what is replaced is replaced by a rename.

    Raises:
        EntryDamaged: one of them is missing.
    """
    papers = [file for file in PAPER_FILES.values() if (other.path / file).exists()]
    for file in (MANIFEST, KEYS, PAYLOAD, *papers):
        try:
            os.link(other.path / file, directory / file)
        except FileNotFoundError:
            raise EntryDamaged(place=other.place, file=file) from None
