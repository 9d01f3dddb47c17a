"""The shelf: `archive/` of a site, `<sequence>-<month>.tar` each, in the order of their chain.

Owns which archives there are and what is known of them, the lock that lets one writer in, and how one becomes durable
or goes. Of one that was purged the signed index stays, as `<sequence>-<month>.index.json` and `.index.p7s`. It must
never write into an archive.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.archive import index as indexes
from gateway.archive.index import Index
from gateway.archive.standalone import Broken, read_index
from gateway.errors import ArchiveUnreadable
from gateway.spool.disk import Hold, create, door, make_directory, sync, write_whole

_TAR, _INDEX, _SIGNATURE, _PART = ".tar", ".index.json", ".index.p7s", ".part"


@dataclass(frozen=True, kw_only=True)
class Archived:
    """One archive as its index describes it, unverified. `path` is the tar; it is gone when `purged`."""

    index: Index
    path: Path
    purged: bool

    @property
    def place(self) -> str:
        """Its file name, for messages."""
        return self.path.name

    @property
    def digest(self) -> str:
        """SHA-256 of the whole file, 64 hex digits."""
        with door(f"读取 {self.place}", f"read {self.place}"), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class Sink:
    """Where an archive is written: counts and digests what passes."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append."""
        self._handle.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def digest(self) -> str:
        """SHA-256 of everything so far, hex."""
        return self._digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Archives:
    """All archives of a site below `root`. Every call may raise SpoolFull or SpoolUnavailable."""

    root: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer out, and clear away what one that died left behind."""
        with door("锁定归档目录", "hold the archives"):
            make_directory(self.root)
            hold = Hold.wait_on(self.root)
        with hold:
            for part in self.root.glob(f"*{_PART}"):
                part.unlink()
            yield

    def all(self) -> tuple[Archived, ...]:
        """Every archive, those purged included, in the order of the chain. Raises ArchiveUnreadable."""
        return tuple(self.read(stem) for stem in self.stems())

    def stems(self) -> tuple[str, ...]:
        """Names of all archives without their endings, those purged included, in the order of the chain."""
        with door("列出归档", "list the archives"):
            found = {path.name.removesuffix(end) for end in (_TAR, _INDEX) for path in self.root.glob(f"*{end}")}
            return tuple(sorted(found))

    def read(self, stem: str) -> Archived:
        """One archive by its name without its ending. Raises ArchiveUnreadable."""
        path, kept = self.root / f"{stem}{_TAR}", self.root / f"{stem}{_INDEX}"
        with door(f"读取 {path.name}", f"read {path.name}"):
            if not path.exists():
                return Archived(index=indexes.decode(kept.read_bytes(), kept.name), path=path, purged=True)
            try:
                with path.open("rb") as file:
                    found = indexes.decode(read_index(file, path.name)[0], path.name)
            except Broken as broken:
                raise ArchiveUnreadable(**broken.fault.facts) from None
        return Archived(index=found, path=path, purged=False)

    @contextmanager
    def new(self) -> Iterator[tuple[Sink, Path]]:
        """A file to be written into; it is forced to the disk when the block ends well, and has no name of ours yet."""
        path = self.root / f"{secrets.token_hex(8)}{_PART}"
        with door("写入归档", "write the archive"), os.fdopen(create(path), "wb") as handle:
            yield Sink(handle), path
        with door("写入归档", "write the archive"):
            sync(path)

    def show(self, written: Path, index: Index) -> Path:
        """Give a finished archive its name, durably."""
        path = self.root / f"{index.stem}{_TAR}"
        with door("写入归档", "write the archive"):
            written.rename(path)
            sync(self.root)
        return path

    def keep_index(self, one: Archived) -> None:
        """Put the signed index beside its archive, which is about to go."""
        with door(f"清除 {one.place}", f"purge {one.place}"), one.path.open("rb") as file:
            index, signature = read_index(file, one.place)
            write_whole(one.path.with_name(f"{one.index.stem}{_INDEX}"), index)
            write_whole(one.path.with_name(f"{one.index.stem}{_SIGNATURE}"), signature)

    def drop(self, one: Archived) -> None:
        """Remove an archive whose index is kept."""
        with door(f"清除 {one.place}", f"purge {one.place}"):
            one.path.unlink(missing_ok=True)
            sync(self.root)

    def signed_index(self, one: Archived) -> tuple[bytes, bytes]:
        """Index and signature of one that was purged."""
        with door(f"读取 {one.place}", f"read {one.place}"):
            stem = one.path.with_suffix("").name
            return (self.root / f"{stem}{_INDEX}").read_bytes(), (self.root / f"{stem}{_SIGNATURE}").read_bytes()
