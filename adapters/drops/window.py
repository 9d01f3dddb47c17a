"""Random access to a content that can only be streamed from an offset: what reading a zip needs.

Must never keep anything on disk, hold more than one piece, nor grant a read of any size that a file's header asks for.
"""

from __future__ import annotations

import io
from collections.abc import Generator

from adapters.contract import Request
from adapters.formats import Content
from gateway.errors import LimitExceeded

_NEAR = 1 << 20  # a gap of this size is read over: a new stream costs a round trip
_MOST_AT_ONCE = 16 << 20  # zipfile asks for a whole central directory at once


class Window:
    """As much of a binary file as `zipfile.ZipFile` asks for."""

    def __init__(self, content: Content, request: Request) -> None:
        self._content, self._request = content, request
        self._at = 0  # where the reader is
        self._streamed = 0  # where the stream is, with `_held` before it
        self._stream: Generator[bytes, None, None] | None = None
        self._held = b""

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size}[whence]
        if base + offset < 0:
            raise ValueError("before the start")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(self._content.size - self._at, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > _MOST_AT_ONCE:
            limit = {
                "limit_zh": f"{self._content.name} 的目录过大",
                "limit_en": f"{self._content.name}'s directory is too large",
            }
            raise LimitExceeded(feed=self._request.feed, **limit)
        self._approach()
        parts = []
        while wanted and (piece := self._next(wanted)):
            parts.append(piece)
            wanted -= len(piece)
        return b"".join(parts)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._held = None, b""

    def _approach(self) -> None:
        """Bring the stream to where the reader is."""
        gap = self._at - (self._streamed - len(self._held))
        if self._stream is None or not 0 <= gap <= _NEAR:
            self.close()
            self._stream, self._streamed = self._content.stream(self._at), self._at
            return
        while gap and (self._held or self._fill()):
            over = min(gap, len(self._held))
            self._held, gap = self._held[over:], gap - over

    def _next(self, most: int) -> bytes:
        if not self._held and not self._fill():
            return b""
        piece, self._held = self._held[:most], self._held[most:]
        self._at += len(piece)
        return piece

    def _fill(self) -> bool:
        """Raises: what the content's transport raises."""
        self._held = next(self._stream, b"") if self._stream is not None else b""
        self._streamed += len(self._held)
        return bool(self._held)
