"""Digests of what was read, taken as it goes by, and the department's own digest beside it.

Must never report a digest of less than the whole content.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence
from contextlib import closing

from adapters.contract import Request
from adapters.drops.config import Digest
from adapters.drops.folder import Folder, not_ready
from adapters.drops.matching import Found
from adapters.drops.readiness import placed
from adapters.formats import Content
from gateway.errors import SourceMalformed

_MOST = 64 * 1024
_LINE = re.compile(r"(?P<hex>[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})(?:[ \t]+[*]?(?P<name>.+))?")
_LENGTHS = {"md5": 32, "sha256": 64, "sm3": 64}


class Digested:
    """A `Content` whose bytes are digested once, in order, however often and from wherever it is read."""

    def __init__(self, content: Content, algorithms: Sequence[str]) -> None:
        self._content, self._upto = content, 0
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}

    @property
    def name(self) -> str:
        return self._content.name

    @property
    def size(self) -> int:
        return self._content.size

    def stream(self, start: int = 0) -> Generator[bytes, None, None]:
        at = start
        with closing(self._content.stream(start)) as pieces:
            for piece in pieces:
                if at <= self._upto < at + len(piece):
                    self._take(piece[self._upto - at :] if at < self._upto else piece)
                at += len(piece)
                yield piece

    def finish(self, algorithm: str) -> str:
        """The whole content's digest; what its reader left unread is read now."""
        for _ in self.stream(self._upto) if self._upto < self.size else ():
            pass
        return self._hashes[algorithm].hexdigest()

    def _take(self, piece: bytes) -> None:
        for one in self._hashes.values():
            one.update(piece)
        self._upto += len(piece)


def control(folder: Folder, one: Found, digest: Digest, request: Request) -> str:
    """The digest that the department's control file states for a file, in lower case.

    Raises:
        SourceNotReady: there is none yet. SourceMalformed: it does not state one.
    """
    path = placed(digest.path, one, request)
    seen = folder.look(path)
    if seen is None:
        raise not_ready(request, path, "摘要文件尚未放置", "its digest has not been placed")
    with closing(folder.stream(path, 0, min(seen.size, _MOST))) as pieces:
        raw = b"".join(pieces)
    lines = [found for line in _text(raw).splitlines() if (found := _LINE.fullmatch(line.strip()))]
    fitting = {
        line["hex"].lower()
        for line in lines
        if len(line["hex"]) == _LENGTHS[digest.name] and (line["name"] or one.name).rpartition("/")[2] == one.name
    }
    if len(fitting) != 1:
        zh, en = "摘要文件中没有该文件的摘要", "it does not state the file's digest"
        raise SourceMalformed(feed=request.feed, where=path, reason_zh=zh, reason_en=en)
    return fitting.pop()


def _text(raw: bytes) -> str:
    """Only the name beside a digest can be other than ASCII."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def expect_digest(stated: str, found: str, one: Found, request: Request) -> None:
    """Raises: SourceMalformed: what was read is not what the department digested."""
    if stated != found:
        zh, en = "摘要不符", "its digest is not the one stated"
        raise SourceMalformed(feed=request.feed, where=one.path, reason_zh=zh, reason_en=en)
