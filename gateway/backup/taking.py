"""Taking a backup of a node at work.

While the write lock of the database is held, for moments: the database's snapshot, and links to every file. After it
was let go: both are copied out, digested and listed, and with them the payloads that lie outside the site, in objects
that the snapshot lists and nobody rewrites; what may remove some meanwhile (a purge) the caller keeps out. The backup
gets its name when all of it is on the disk; the ledger's line follows. Cut off anywhere, there is no backup, and the
next one clears the remains away.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

from gateway.backup import contents as manifests
from gateway.backup.contents import Contents, FileFacts
from gateway.backup.database import Programs, Snapshot, snapshot
from gateway.backup.image import link_site, make_directories, private_files
from gateway.backup.sealing import seal
from gateway.database import PostgresAddress, writing
from gateway.errors import BackupOccupied
from gateway.ledger import Detail, Event, EventKind, Head, Ledger
from gateway.spool.disk import Hold, create, door, make_directory, sync, write_new

_STAGE, _PART, _PIECE = ".backup-", ".part", 1024 * 1024


class Payloads(Protocol):
    """Payloads that lie outside the site, in objects that the database lists."""

    def listed(self, connection: Connection) -> Iterable[tuple[str, int]]:
        """Name, `<folder>/<name>`, and length of each, as this transaction sees them."""

    def read(self, name: str, length: int) -> bytes | None:
        """One of them; None where it is not there, or not that long. Raises: any Retry."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The node to be backed up.

    Attributes:
        owner: as whom a PostgreSQL warehouse is dumped; None where the database is a file of the site.
        payloads: those outside the site that go in; None where there are none, or where they are left out.
        passphrase: seals the private keys into the backup; None leaves them out.
    """

    node: str
    site: Path
    engine: Engine
    owner: PostgresAddress | None
    ledger: Ledger
    payloads: Payloads | None
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]
    programs: Programs
    passphrase: str | None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A backup, and the SHA-256 of its `backup.json`, which stands in the ledger.

    Attributes:
        lost: payload objects that the database lists and that were not there to be copied.
    """

    path: Path
    contents: Contents
    digest: str
    lost: tuple[str, ...]


def take(source: Source, out: Path) -> Taken:
    """Back the node up into `out`, a directory that is empty or does not exist.

    Raises:
        BackupOccupied, BackupUnsettled, BackupProgramFailed; SpoolFull, SpoolUnavailable; StoreUnavailable.
    """
    require_empty(out)
    part = out.with_name(f"{out.name}{_PART}")
    with door("备份", "back up"):
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_directory(part)
        taken, lost = _take(source, part)
        data = manifests.encode(taken)
        write_new(part / manifests.MANIFEST, data)
        _sync_all(part)
        if out.exists():
            out.rmdir()
        part.rename(out)
        sync(out.parent)
    digest = hashlib.sha256(data).hexdigest()
    _enter(source, taken, digest)
    return Taken(path=out, contents=taken, digest=digest, lost=lost)


def require_empty(directory: Path) -> None:
    """Raises BackupOccupied."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BackupOccupied(path=directory)


def _take(source: Source, part: Path) -> tuple[Contents, tuple[str, ...]]:
    """What went in, and the names of payload objects that were not there."""
    with _stage(source.site) as stage, _frozen(source, stage) as (taken, head, at):
        taken.write(part / taken.file)
        files = list(_copy_all(stage, part))
        listed = dict(source.payloads.listed(taken.connection)) if source.payloads else {}
    payloads = list(_copy_payloads(source, listed, part))
    files += payloads
    lost = sorted(listed.keys() - {one.name.removeprefix(f"{manifests.INBOX}/") for one in payloads})
    files.append(_facts(part, Path(taken.file)))
    if source.passphrase is not None:
        sealed = seal(private_files(source.site), source.passphrase, source.entropy)
        write_new(part / manifests.KEYS, sealed)
        files.append(_facts(part, Path(manifests.KEYS)))
    contents = Contents(
        node=source.node, at=at, database=taken.file, position=head.position, head=head.hash, files=tuple(files)
    )
    return contents, tuple(lost)


@contextmanager
def _frozen(source: Source, stage: Path) -> Iterator[tuple[Snapshot, Head, datetime]]:
    """Database and files as they are at one moment; only to take hold of them is the write lock held."""
    with ExitStack() as held:
        with writing(source.engine) as alone:
            head, at = source.ledger.head(alone), source.clock()
            taken = held.enter_context(snapshot(source.engine, source.owner, source.programs))
            link_site(source.site, stage)
        yield taken, head, at


@contextmanager
def _stage(site: Path) -> Iterator[Path]:
    """A directory in the site for the links; those of backups that died are removed."""
    for old in site.glob(f"{_STAGE}*"):
        hold = Hold.try_on(old)
        if hold is not None:
            with hold:
                shutil.rmtree(old)
    stage = site / f"{_STAGE}{secrets.token_hex(8)}"
    make_directory(stage)
    with Hold.wait_on(stage):
        try:
            yield stage
        finally:
            shutil.rmtree(stage)


def _copy_all(stage: Path, part: Path) -> Iterator[FileFacts]:
    for path in sorted(path for path in stage.rglob("*") if path.is_file()):
        name = Path(manifests.SITE) / path.relative_to(stage)
        make_directories(part, name.parent)
        yield _copy(path, part, name)


def _copy_payloads(source: Source, listed: Mapping[str, int], part: Path) -> Iterator[FileFacts]:
    for name, length in listed.items():
        data = source.payloads.read(name, length) if source.payloads else None
        if data is not None:
            below = Path(manifests.INBOX) / name
            make_directories(part, below.parent)
            write_new(part / below, data)
            yield FileFacts(name=str(below), size=length, sha256=hashlib.sha256(data).hexdigest())


def _copy(source: Path, part: Path, name: Path) -> FileFacts:
    """What is written is what is digested, also where the file grows meanwhile, as a log does."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file, os.fdopen(create(part / name), "wb") as target:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return FileFacts(name=str(name), size=size, sha256=digest.hexdigest())


def _facts(part: Path, name: Path) -> FileFacts:
    path = part / name
    return FileFacts(name=str(name), size=path.stat().st_size, sha256=manifests.digest_of(path))


def _sync_all(part: Path) -> None:
    for directory in (path for path in (part, *part.rglob("*")) if path.is_dir()):
        sync(directory)


def _enter(source: Source, taken: Contents, digest: str) -> None:
    detail = Detail(files=len(taken.files), size=taken.size, position=taken.position, head=taken.head)
    source.ledger.append(Event(at=source.clock(), kind=EventKind.BACKED_UP, digest=digest, detail=detail))
