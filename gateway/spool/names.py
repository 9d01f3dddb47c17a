"""Names of entries: the only place where a feed, a period and a digest become part of a path.

Everything that reaches a file name passes one of these patterns first, so no text of a manifest can climb out of the
spool, hide an entry (leading dot) or collide with another batch. This module must never touch a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import SpoolNameInvalid

_FEED = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)+", re.ASCII)
_PERIOD = re.compile(r"[0-9]{4}[0-9A-Z-]{0,11}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MARK = re.compile(r"[0-9a-f]{16}", re.ASCII)
_NAME = re.compile(r"(.+)_([^_]+)_r([1-9][0-9]{0,3})_([^_]+)", re.ASCII)
_MAX_FEED = 100  # with the rest of the name well below the 255 bytes a file name may have
_MAX_REVISION = 9_999
_MARK_LENGTH = 16


@dataclass(frozen=True, kw_only=True, order=True)
class EntryName:
    """Which sealed batch an entry is. Ordered by feed, period, revision: corrections follow what they correct.

    Making one with a part that may not stand in a file name raises SpoolNameInvalid.

    Attributes:
        feed, period, revision: as in the manifest; `revision` starts at 1.
        mark: the first 16 hex digits of the manifest's SHA-256; two seals of one batch id differ here.
    """

    feed: str
    period: str
    revision: int
    mark: str

    def __post_init__(self) -> None:
        _require("feed", len(self.feed) <= _MAX_FEED and _FEED.fullmatch(self.feed))
        _require("period", _PERIOD.fullmatch(self.period))
        _require("revision", 1 <= self.revision <= _MAX_REVISION)
        _require("digest", _MARK.fullmatch(self.mark))

    @classmethod
    def of(cls, *, feed: str, period: str, revision: int, digest: str) -> EntryName:
        """The name of a sealed batch; `digest` is the manifest's SHA-256 as 64 hex digits.

        Raises:
            SpoolNameInvalid: a part may not stand in a file name.
        """
        return cls(feed=feed, period=period, revision=revision, mark=mark_of(require_digest(digest)))

    @classmethod
    def parse(cls, text: str) -> EntryName:
        """Read a directory's name back. Raises SpoolNameInvalid."""
        match = _NAME.fullmatch(text)
        if match is None:
            raise SpoolNameInvalid(part="name")
        feed, period, revision, mark = match.groups()
        return cls(feed=feed, period=period, revision=int(revision), mark=mark)

    @property
    def batch(self) -> str:
        """The batch id, `<feed>/<period>/r<revision>`."""
        return f"{self.feed}/{self.period}/r{self.revision}"

    def __str__(self) -> str:
        return f"{self.feed}_{self.period}_r{self.revision}_{self.mark}"


def mark_of(digest: str) -> str:
    """What stands for a manifest's digest in the names of its entries."""
    return digest[:_MARK_LENGTH]


def require_digest(text: str) -> str:
    """A SHA-256 as 64 lower-case hex digits, or SpoolNameInvalid."""
    _require("digest", _DIGEST.fullmatch(text))
    return text


def _require(part: str, holds: object) -> None:
    if not holds:
        raise SpoolNameInvalid(part=part)
