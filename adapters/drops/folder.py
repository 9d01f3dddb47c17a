"""What a place with files can do, whatever its protocol. Owns the protocol between transports and drops."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from adapters.contract import Request
from gateway.errors import SourceNotReady

_NANO = 10**9


class Kind(StrEnum):
    """What stands at a path; a link is what it leads to."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was seen at a path at one moment.

    Attributes:
        changed: nanoseconds since 1970, as fine as the place tells (SFTP: whole seconds).
    """

    kind: Kind
    size: int
    changed: int

    @property
    def changed_at(self) -> str:
        return datetime.fromtimestamp(self.changed // _NANO, UTC).isoformat()


class Folder(Protocol):
    """An open connection to a place with files; paths are the place's own, parted by `/`.

    Every method asks the request's deadline before it waits. Raises, each: SourceUnavailable (and nothing else when
    the connection is lost or silent), SourceDenied, SourceMalformed, LimitExceeded, CollectingStopped.
    """

    def look(self, path: str) -> Look | None:
        """What stands there; None when nothing does."""
        ...

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder, in no order; none when there is no such folder."""
        ...

    def stream(self, path: str, start: int, stop: int) -> Generator[bytes, None, None]:
        """The file's bytes from `start` up to `stop`, fewer when it ends before; closing the iterator frees it."""
        ...

    def reconnect(self) -> None:
        """A new connection in place of the old one. Raises: as above, HostKeyUnknown too."""
        ...

    def close(self) -> None:
        """Free the connection; safe at any moment and any number of times."""
        ...


def not_ready(request: Request, path: str, zh: str, en: str) -> SourceNotReady:
    """How a file that cannot be read yet is told."""
    return SourceNotReady(feed=request.feed, file=path, reason_zh=zh, reason_en=en)
