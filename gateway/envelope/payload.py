"""The payload: one stream of any length, encrypted in segments of 1 MiB (Tink's `AES256_GCM_HKDF_1MB`, byte for byte).

    payload  = 0x28 | salt (32) | nonce prefix (7) | segment | segment | ...
    segment  = AES-256-GCM ciphertext | tag (16); 1 MiB each, the first less the header, the last what is left
    key      = HKDF-SHA-256(content key, salt, info = "")
    nonce    = prefix | segment number, counted from 0 (4, big-endian) | 1 in the last segment, else 0

Number and last mark stand in the nonce, so segments cannot be swapped, dropped or added. Every byte the reader hands
out has passed its own segment's tag. Memory is a few segments, however long the stream.

This module must never see what the stream holds, and hands out no unauthenticated byte.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidTag

from gateway.envelope.suite import INTL, Entropy
from gateway.errors import PayloadHeaderWrong, PayloadNotEnded, PayloadSegmentInvalid

ASSOCIATED = b""
"""Tink's associated data. Batch and key are bound by the manifest: key commitment and ciphertext digest."""

SEGMENT = 1 << 20
TAG = 16
SALT = 32
PREFIX = 7
HEADER = 1 + SALT + PREFIX
MIN_PAYLOAD = HEADER + TAG
"""The payload of an empty stream: the header and one segment of nothing but a tag."""

MAX_SEGMENTS = 1 << 32
_FIRST = SEGMENT - HEADER
MAX_PAYLOAD = HEADER + _FIRST + (MAX_SEGMENTS - 1) * SEGMENT


class Sink(Protocol):
    """What the payload is written to: a binary file."""

    def write(self, data: memoryview, /) -> int: ...


class Source(Protocol):
    """What a payload is read from: a binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


def _nonce(prefix: bytes, number: int, last: int) -> bytes:
    return prefix + number.to_bytes(4, "big") + last.to_bytes(1, "big")


class PayloadWriter:
    """Encrypts what is written to it; a file to pyarrow.

    `close` writes the last segment: without it there is no payload. Used in a `with`, it is closed on success only, so
    a broken-off stream never looks complete. Afterwards `digest` (SHA-256 of the ciphertext, 64 hex digits) and `size`
    (bytes) go into the manifest. The sink stays open: the caller still has to bring it to the disk.
    """

    def __init__(self, sink: Sink, content_key: bytes, entropy: Entropy) -> None:
        """`content_key` comes from `sealing.new_key` and encrypts this payload only."""
        salt, self._prefix = entropy(SALT), entropy(PREFIX)
        self._cipher = INTL.segment_cipher(content_key, salt, ASSOCIATED)
        self._sink, self._hash, self._number = sink, hashlib.sha256(), 0
        self._pending, self._held = memoryview(bytearray(SEGMENT - TAG)), 0
        self._room = _FIRST - TAG
        self._out = memoryview(bytearray(SEGMENT))
        self.size = 0
        self.closed = False
        self._emit(memoryview(bytes([HEADER]) + salt + self._prefix))

    @property
    def digest(self) -> str:
        """64 hex digits over what was written so far; final after `close`."""
        return self._hash.hexdigest()

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing to do: a segment leaves when it is known not to be the last."""

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take all of `data`, any contiguous buffer."""
        if self.closed:
            raise ValueError("write to a closed payload")
        rest = memoryview(data).cast("B")
        size = len(rest)
        while len(rest):
            rest = rest[self._take(rest) :]
        return size

    def close(self) -> None:
        """Write the last segment, once."""
        if not self.closed:
            self._seal(self._pending[: self._held], last=1)
            self.closed = True

    def __enter__(self) -> PayloadWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        self.closed = True

    def _take(self, data: memoryview) -> int:
        """Take some of `data`, at least a byte. More bytes are at hand, so a full segment is not the last one."""
        if self._held == self._room:
            self._seal(self._pending[: self._held], last=0)
            self._held = 0
        if not self._held and len(data) > self._room:
            taken = self._room
            self._seal(data[:taken], last=0)  # straight out of the caller's buffer
            return taken
        taken = min(len(data), self._room - self._held)
        self._pending[self._held : self._held + taken] = data[:taken]
        self._held += taken
        return taken

    def _seal(self, plain: memoryview, last: int) -> None:
        if self._number == MAX_SEGMENTS:
            raise OverflowError("payload too long")
        out = self._out[: len(plain) + TAG]
        self._cipher.encrypt_into(_nonce(self._prefix, self._number, last), plain, None, out)
        self._number += 1
        self._room = SEGMENT - TAG
        self._emit(out)

    def _emit(self, data: memoryview) -> None:
        self._hash.update(data)
        self.size += len(data)
        while len(data):  # an unbuffered file may take less than it is given
            data = data[self._sink.write(data) :]


class PayloadReader:
    """Decrypts a payload; a file to pyarrow. Closing it leaves the source open."""

    def __init__(self, source: Source, content_key: bytes) -> None:
        """Raises: PayloadHeaderWrong."""
        header = read_header(source)
        self._prefix = header[1 + SALT :]
        self._cipher = INTL.segment_cipher(content_key, header[1 : 1 + SALT], ASSOCIATED)
        self._source, self._number = source, 0
        self._buffers = (memoryview(bytearray(SEGMENT)), memoryview(bytearray(SEGMENT)))
        self._segment = self._fill(self._buffers[0][:_FIRST])
        self._ended = False
        self._refused: PayloadSegmentInvalid | None = None
        self._plain = memoryview(bytearray(SEGMENT - TAG))
        self._ready = self._plain[:0]
        self.closed = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def read(self, size: int) -> bytes | bytearray:
        """Up to `size` authenticated bytes; fewer only at the end of the stream.

        Raises:
            PayloadSegmentInvalid: changed, truncated, extended, out of order, or another key.
        """
        if self.closed or size < 0:
            raise ValueError("a payload is read while open and in bounded pieces")
        data = bytearray(size)
        view, held = memoryview(data), 0
        while held < size and (count := self._read_some(view[held:])):
            held += count
        view.release()
        del data[held:]
        return data

    def finish(self) -> None:
        """Raise unless the whole stream has been read. To be called before anything is committed.

        A reader of records stops at its own end mark; only here is it known that the last segment is authentic.

        Raises:
            PayloadNotEnded: something follows what was read.
            PayloadSegmentInvalid
        """
        if self.read(1):
            raise PayloadNotEnded  # ENVELOPE 4.5

    def _read_some(self, out: memoryview) -> int:
        """Fill some of `out`; 0 at the end. A segment that fits goes straight into it."""
        if not len(self._ready) and not self._ended:
            size = max(len(self._segment) - TAG, 0)
            if 0 < size <= len(out):
                self._open(out[:size])
                return size
            self._open(self._plain[:size])
            self._ready = self._plain[:size]
        count = min(len(self._ready), len(out))
        out[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _open(self, out: memoryview) -> None:
        """Decrypt the current segment into `out` and move on to the next. A refused stream stays refused."""
        if self._refused:
            raise self._refused
        following = self._fill(self._buffers[(self._number + 1) % 2]) if self._is_full() else self._segment[:0]
        last = 0 if len(following) else 1
        try:
            self._cipher.decrypt_into(_nonce(self._prefix, self._number, last), self._segment, None, out)
        except (InvalidTag, ValueError, OverflowError):
            self._refused = PayloadSegmentInvalid(segment=self._number + 1)
            raise self._refused from None  # ENVELOPE 4.4
        self._segment, self._number, self._ended = following, self._number + 1, not len(following)

    def _is_full(self) -> bool:
        return len(self._segment) == (SEGMENT if self._number else _FIRST)

    def _fill(self, buffer: memoryview) -> memoryview:
        held = 0
        while held < len(buffer) and (count := self._source.readinto(buffer[held:])):
            held += count
        return buffer[:held]


def read_header(source: Source) -> bytes:
    """The header of a payload, with its first byte checked.

    Raises:
        PayloadHeaderWrong
    """
    header = bytearray(HEADER)
    view, held = memoryview(header), 0
    while held < HEADER and (count := source.readinto(view[held:])):
        held += count
    if held < HEADER or header[0] != HEADER:
        raise PayloadHeaderWrong  # ENVELOPE 4.1
    return bytes(header)
