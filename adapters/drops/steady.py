"""One file's bytes in order over a connection that may break: it is taken up again where it broke, if nothing changed.

Must never join two states of a file: after each new connection size and time of change have to be what they were.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from adapters.contract import Request
from adapters.drops.folder import Folder, not_ready
from adapters.drops.matching import Found
from adapters.drops.readiness import expect_same
from gateway.errors import SourceUnavailable

_TRIES = 3
_PAUSE = 0.5  # seconds before the first try; each next one waits twice as long


class Patience:
    """How often one reading may lose its connection and make a new one: bounded, so that a bad line ends."""

    def __init__(self, folder: Folder, request: Request) -> None:
        self._folder, self._request, self._used = folder, request, 0

    def reconnect(self, lost: SourceUnavailable) -> None:
        """Raises: SourceUnavailable: too often, or it cannot be reached at all."""
        while self._used < _TRIES:
            self._request.pause(_PAUSE * 2**self._used)
            self._used += 1
            try:
                return self._folder.reconnect()
            except SourceUnavailable as again:
                lost = again
        raise lost


class Steady:
    """A `Content`: the file as it was found, and nothing else."""

    def __init__(self, folder: Folder, found: Found, patience: Patience, request: Request) -> None:
        self._folder, self._found, self._patience, self._request = folder, found, patience, request

    @property
    def name(self) -> str:
        return self._found.name

    @property
    def size(self) -> int:
        return self._found.look.size

    def stream(self, start: int = 0) -> Generator[bytes, None, None]:
        """Raises: SourceNotReady: it is not what it was. SourceUnavailable: the connection broke too often."""
        at = start
        while at < self.size:
            try:
                with closing(self._folder.stream(self._found.path, at, self.size)) as pieces:
                    for piece in pieces:
                        at += len(piece)
                        yield piece
                if at < self.size:
                    raise not_ready(
                        self._request, self._found.path, "文件在读取时变短", "it became shorter while it was read"
                    )
            except SourceUnavailable as lost:
                self._patience.reconnect(lost)
                self.expect_same()

    def expect_same(self) -> None:
        """Raises: SourceNotReady: size or time of change are not what they were."""
        try:
            seen = self._folder.look(self._found.path)
        except SourceUnavailable as lost:
            self._patience.reconnect(lost)
            return self.expect_same()
        return expect_same(self._found.look, seen, self._found.path, self._request)
