"""An upload in the shared inbox: each piece is written whole as an object, and then counted by a row.

Between the two a receiver may die, and two may write at once: what no row counts was never sent, and the row moves on
only from where the piece was cut. Must never judge the bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import InboxUnavailable, OffsetMismatch, TooLarge
from gateway.inbox.objects import Objects
from gateway.inbox.pieces import Piece, object_name, swallowed
from gateway.inbox.register import Register, Stage


@dataclass(frozen=True, kw_only=True)
class SharedUpload:
    """See Upload."""

    digest: str
    size: int
    register: Register
    objects: Objects

    @property
    def offset(self) -> int:
        """See Upload."""
        found = self.register.find(self.digest)
        return found.stored if found.stage is Stage.PARTIAL else found.size

    def append(self, offset: int, data: bytes | memoryview) -> int:
        """See Upload: the object first, whole and durable, then the row that makes it count."""
        stored = self.offset
        if offset != stored:
            raise OffsetMismatch(digest=self.digest, offset=stored)
        if offset + len(data) > self.size:
            raise TooLarge(what_zh="载荷", what_en="the payload", limit=self.size)
        taken = swallowed(self.register.pieces(self.digest), len(data))
        content = self._joined(taken, data)
        if content is None:
            taken, content = [], bytes(data)
        fresh = self._put(offset + len(data) - len(content), content)
        self.register.count(self.digest, offset, taken, fresh)
        self._forget(taken)
        return fresh.end

    def _put(self, start: int, content: bytes) -> Piece:
        name = object_name(self.digest, start, len(content), secrets.token_hex(4))
        self.objects.put(name, content)
        return Piece(start=start, length=len(content), object=name)

    def _joined(self, taken: Sequence[Piece], data: bytes | memoryview) -> bytes | None:
        """All in one; None where an object is gone: another connection has merged it, or the load will find it lost."""
        contents = [self.objects.read(piece.object, piece.length) for piece in taken]
        if any(content is None for content in contents):
            return None
        return b"".join([*(content for content in contents if content is not None), data])

    def _forget(self, taken: Sequence[Piece]) -> None:
        """They do not count any more; what cannot be removed now is swept when the batch is settled."""
        with suppress(InboxUnavailable):
            self.objects.remove([piece.object for piece in taken])
