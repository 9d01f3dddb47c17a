"""Pieces: a payload as a row of immutable objects, and reading it as one file.

Owns how long pieces grow. A sender decides how much it sends at a time, and a bad line cuts what it sends into crumbs;
so a new piece takes in those before it that are shorter than PIECE and less than twice as long as what they come to.
Then all pieces are PIECE or longer but for the last few, each of which is at least twice as long as the next: n bytes
never lie in more than n / PIECE + 23 objects, and a byte is copied some forty times at the very worst, not once for
each crumb.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gateway.errors import EntryDamaged

PIECE = 4 * 1024 * 1024
"""Bytes up to which pieces are merged. The server hands over about as many at once: none is longer than thrice this."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Bytes `start` to `end` of a payload lie in this object."""

    start: int
    length: int
    object: str

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.start + self.length


def swallowed(tail: Sequence[Piece], length: int) -> list[Piece]:
    """Those of the last pieces, in their order, that a new one of `length` bytes takes in."""
    taken: list[Piece] = []
    for piece in reversed(tail):
        if piece.length >= min(2 * length, PIECE):
            break
        taken.insert(0, piece)
        length += piece.length
    return taken


def object_name(digest: str, start: int, length: int, nonce: str) -> str:
    """`<digest>/<start>-<length>-<nonce>`: no two writers ever write one object."""
    return f"{digest}/{start:020}-{length}-{nonce}"


class _Joined(io.RawIOBase):
    """One piece in memory at a time."""

    def __init__(self, pieces: Sequence[Piece], read: Callable[[Piece], bytes]) -> None:
        super().__init__()
        self._pieces, self._read = pieces, read
        self._at = 0
        self._held: tuple[Piece, bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._pieces[-1].end if self._pieces else 0}
        self._at = max(0, base[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._piece()
        if found is None:
            return 0
        piece, data = found
        part = data[self._at - piece.start :][: len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self) -> tuple[Piece, bytes] | None:
        if self._held is None or not self._held[0].start <= self._at < self._held[0].end:
            piece = next((one for one in self._pieces if one.start <= self._at < one.end), None)
            self._held = None
            self._held = (piece, self._read(piece)) if piece else None
        return self._held


def joined(pieces: Sequence[Piece], size: int, place: str, read: Callable[[Piece], bytes]) -> BinaryIO:
    """The payload for reading and seeking.

    Args:
        pieces: in the order of their offsets.
        size: bytes they must come to.
        place: what a damaged payload is reported as.

    Raises:
        EntryDamaged: they leave a gap, overlap, or are not that long.
    """
    reached = 0
    for piece in pieces:
        if piece.start != reached:
            raise EntryDamaged(place=place, file="payload")
        reached = piece.end
    if reached != size:
        raise EntryDamaged(place=place, file="payload")
    return io.BufferedReader(_Joined(pieces, read), 64 * 1024)
