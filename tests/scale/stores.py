"""The two places a shared inbox may have, looked at from outside, and one inbox over either."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from gateway.envelope.papers import Papers
from gateway.inbox.objects import Objects, bucket, shared_folder
from gateway.inbox.register import Register
from gateway.inbox.shared import SharedInbox
from gateway.inbox.upload import SharedUpload
from gateway.spool import EntryName
from tests.peers.objects import ObjectStore

NO_PAPERS = Papers()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where objects lie. `names` and `remove` look from outside; `name` is what a message may call it."""

    objects: Objects
    names: Callable[[], Sequence[str]]
    remove: Callable[[str], None]


def folder_place(path: Path) -> Place:
    def names() -> list[str]:
        return sorted(str(file.relative_to(path)) for file in path.glob("*/*"))

    return Place(objects=shared_folder(path), names=names, remove=lambda name: (path / name).unlink())


def bucket_place(store: ObjectStore, name: str, url: str | None = None) -> Place:
    prefix = "inbox/changning"

    def names() -> list[str]:
        return [found.removeprefix(f"{prefix}/") for found in store.names(name)]

    return Place(
        objects=bucket(name, prefix, store.service(url)),
        names=names,
        remove=lambda gone: store.remove(name, f"{prefix}/{gone}"),
    )


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Something like a sealed batch: the inbox never looks inside."""

    manifest: bytes
    payload: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def name(self) -> EntryName:
        return EntryName.of(feed="civil.dibao", period="2026-10", revision=1, digest=self.digest)


def sealed(size: int) -> Sealed:
    return Sealed(manifest=os.urandom(64), payload=os.urandom(size))


def receiver(engine: Engine, place: Place, region: str) -> SharedInbox:
    """The inbox as one receiver has it."""
    return SharedInbox(Register(engine=engine, region=region), place.objects)


def arrive(inbox: SharedInbox, batch: Sealed, papers: Papers = NO_PAPERS) -> SharedUpload:
    return inbox.arrive(batch.name, batch.digest, len(batch.payload), batch.manifest, b"keys", papers)


def upload(inbox: SharedInbox, batch: Sealed, pieces: int = 1) -> None:
    """All of it, in so many pieces, and complete."""
    arriving, step = arrive(inbox, batch), -(-len(batch.payload) // pieces) or 1
    for start in range(0, len(batch.payload), step):
        arriving.append(start, batch.payload[start : start + step])
    inbox.complete(batch.digest)
