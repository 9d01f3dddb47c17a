"""One file's bytes, wherever it lies. Owns the protocol between a transport and the formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from adapters.contract import Request
from gateway.errors import LimitExceeded


class Content(Protocol):
    """A file that is ready to be read.

    Attributes:
        name: its own name, without the folders above it.
        size: in bytes.
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def stream(self, start: int = 0) -> Iterator[bytes]:
        """Its bytes from `start` to the end, in pieces. Raises: the transport's errors, already ours."""
        ...


def whole(content: Content, most: int, request: Request) -> bytes:
    """All of it, for a format that cannot be read in one pass. Raises: LimitExceeded: more than `most` bytes."""
    if content.size > most:
        zh, en = f"{content.name} 超过 {most} 字节", f"{content.name} has over {most} bytes"
        raise LimitExceeded(feed=request.feed, limit_zh=zh, limit_en=en)
    return b"".join(content.stream())
