"""`backup.json`: what a backup holds. Pure but for reading a file's digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope.canonical import STRICT, Count, Moment, Name, Sha256, read, write
from gateway.errors import BackupDamaged, EnvelopeRefused

MANIFEST, SITE, INBOX, KEYS = "backup.json", "site", "inbox", "keys.sealed"
SQLITE, POSTGRES = "database.sqlite", "database.pgdump"


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """One file of a backup, by its path below it."""

    __pydantic_config__ = STRICT

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Count
    sha256: Sha256


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a backup holds.

    Attributes:
        node: the site's name. at: when the image was taken.
        database: the file that holds the database, which also tells its product.
        position, head: where the node's ledger ended in it.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-backup/1"] = "yizhan-backup/1"
    node: Name
    at: Moment
    database: Literal["database.sqlite", "database.pgdump"]
    position: Count
    head: Sha256
    files: tuple[FileFacts, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)


_FORM = TypeAdapter(Contents)


class _Unfit(EnvelopeRefused):
    """Never leaves this module."""


def encode(contents: Contents) -> bytes:
    """Canonical JSON."""
    return write(contents, _FORM)


def decode(data: bytes) -> Contents:
    """Read back. Raises BackupDamaged."""
    try:
        return read(data, _FORM, _Unfit)
    except _Unfit:
        raise BackupDamaged(file=MANIFEST) from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
