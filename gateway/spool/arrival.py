"""Arrivals: a sealed batch on its way into an inbox, kept in `partial` across interruptions and restarts.

Owns the growing payload and its offset. The offset is the size of the file, and every `append` has forced it to the
disk before it returns, so a sender never resumes behind a hole. It must never judge the bytes: digest and segments are
checked when the batch is unsealed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.envelope.papers import Papers
from gateway.errors import OffsetMismatch, TooLarge, UploadBusy, UploadIncomplete, UploadUnknown
from gateway.spool.disk import Hold, door, sync, write_all, write_new, write_whole
from gateway.spool.entry import KEYS, MANIFEST, PAPER_FILES, PAYLOAD, Entry
from gateway.spool.names import EntryName

PREFIX = "upload-"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One resumable upload.

    Attributes:
        digest: the manifest's SHA-256, 64 hex digits; the upload's name on the wire.
        size: bytes the payload must reach, from the signed manifest.
        path: its directory: in `partial`, or in `ready` or `inflight` once it was complete.
        entry: the entry it has become, if it was complete when it was looked up.
    """

    name: EntryName
    digest: str
    size: int
    path: Path
    entry: Entry | None
    publish: Callable[[Path, EntryName], Entry]

    @property
    def offset(self) -> int:
        """Bytes safely stored. Raises UploadUnknown when it expired or moved on; look it up again."""
        try:
            return (self.path / PAYLOAD).stat().st_size
        except FileNotFoundError:
            raise UploadUnknown(digest=self.digest) from None

    def renew(self, papers: Papers) -> None:
        """Put papers that came with a later submission in the place of those that came before."""
        if self.entry is None:
            for paper, content in papers.files():
                write_whole(self.path / PAPER_FILES[paper], content)

    def append(self, offset: int, data: bytes | memoryview) -> int:
        """Add `data` at `offset`, force it to the disk, and give the new offset.

        Callers choose the piece: one fsync each, so a mebibyte or more. What a full disk let through stays and counts.

        Raises:
            OffsetMismatch: the stored size is another; nothing was written.
            TooLarge: the manifest states fewer bytes; nothing was written.
            UploadBusy: another connection is writing.
            UploadUnknown: it expired or moved on.
            SpoolFull, SpoolUnavailable: ask for the offset before going on.
        """
        if self.entry is not None:
            return self._fits(offset, data)
        with self._alone(), door("写入上传", "store the upload"):
            reached = self._fits(offset, data)
            self._write(data)
            return reached

    def complete(self) -> Entry:
        """Show the whole batch in `ready`; once it is there, say where it is.

        Raises:
            UploadIncomplete, UploadBusy, UploadUnknown, SpoolFull, SpoolUnavailable.
        """
        if self.entry is not None:
            return self.entry
        with self._alone(), door(f"存入 {self.name}", f"put {self.name}"):
            stored = self.offset
            if stored != self.size:
                raise UploadIncomplete(digest=self.digest, offset=stored, size=self.size)
            sync(self.path)
            return self.publish(self.path, self.name)

    def _fits(self, offset: int, data: bytes | memoryview) -> int:
        stored = self.offset
        if offset != stored:
            raise OffsetMismatch(digest=self.digest, offset=stored)
        if offset + len(data) > self.size:
            raise TooLarge(what_zh="载荷", what_en="the payload", limit=self.size)
        return offset + len(data)

    def _alone(self) -> Hold:
        hold = Hold.try_on(self.path)
        if hold is not None:
            return hold
        if self.path.exists():
            raise UploadBusy(digest=self.digest)
        raise UploadUnknown(digest=self.digest)

    def _write(self, data: bytes | memoryview) -> None:
        handle = os.open(self.path / PAYLOAD, os.O_WRONLY | os.O_APPEND)
        try:
            write_all(handle, data)
        except OSError:
            with suppress(OSError):  # what did get through counts, so it must be as safe as the rest
                os.fsync(handle)
            raise
        else:
            os.fsync(handle)
        finally:
            os.close(handle)


def directory_name(name: EntryName, digest: str, size: int) -> str:
    """All that must survive a restart stands in the directory's name, so an upload needs no file of its own."""
    return f"{PREFIX}{digest}-{size}-{name}"


def parse_directory(path: Path, publish: Callable[[Path, EntryName], Entry]) -> Arrival:
    """Read a directory of `partial` back."""
    _, digest, size, name = path.name.split("-", 3)
    return Arrival(name=EntryName.parse(name), digest=digest, size=int(size), path=path, entry=None, publish=publish)


def completed(entry: Entry, digest: str, publish: Callable[[Path, EntryName], Entry]) -> Arrival:
    """The upload an entry was, for a sender who asks again: everything is there."""
    size = entry.payload.stat().st_size
    return Arrival(name=entry.name, digest=digest, size=size, path=entry.path, entry=entry, publish=publish)


def furnish(directory: Path, manifest: bytes, keys: bytes, papers: Papers) -> None:
    """Fill a fresh directory for an upload of which nothing has come yet, all of it on the disk."""
    write_new(directory / MANIFEST, manifest)
    write_new(directory / KEYS, keys)
    for paper, content in papers.files():
        write_new(directory / PAPER_FILES[paper], content)
    write_new(directory / PAYLOAD, b"")
    sync(directory)
