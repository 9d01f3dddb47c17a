"""TNS: the packets below everything else.

A packet is a header of 8 bytes (length, a checksum of zero, type, flags) and a body. Until the ACCEPT the length has
two bytes, after it four, as the negotiated version is 315 (12.1) or later. A DATA packet's body begins with two
bytes of flags; a message of TTC runs on through as many DATA packets as the session data unit (SDU) makes of it.
"""

from __future__ import annotations

import socket
import struct
from enum import IntEnum

HEADER = 8
DATA_FLAGS = 2
END_OF_FILE = 0x40


class Packet(IntEnum):
    CONNECT = 1
    ACCEPT = 2
    REFUSE = 4
    DATA = 6
    MARKER = 12


class Marker(IntEnum):
    """What interrupts a call: the client sends BREAK or INTERRUPT, each side then RESET, and an error closes it."""

    BREAK = 1
    RESET = 2
    INTERRUPT = 3


class Interrupted(Exception):
    """A marker came where data was awaited. Holds its kind."""

    def __init__(self, kind: Marker) -> None:
        self.kind = kind
        super().__init__(kind.name)


class Wire:
    """One client's socket as packets."""

    def __init__(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = client
        self.sdu = 8192
        self._wide = self._full = False

    def accepted(self, sdu: int) -> None:
        """From here on lengths have four bytes."""
        self.sdu, self._wide = sdu, True

    def read(self) -> tuple[Packet, bytes]:
        """Raises: ConnectionError: the client has gone."""
        head = self._exactly(HEADER)
        (size,) = struct.unpack(">I", head[:4]) if self._wide else struct.unpack(">H", head[:2])
        return Packet(head[4]), self._exactly(size - HEADER)

    def read_data(self) -> bytes:
        """The next DATA packet's payload. Raises: Interrupted; ConnectionError: also for the end that a client says."""
        kind, body = self.read()
        if kind is Packet.MARKER:
            raise Interrupted(Marker(body[2]))
        if struct.unpack(">H", body[:DATA_FLAGS])[0] & END_OF_FILE:
            raise ConnectionResetError("the client has said its end")
        self._full = len(body) + HEADER >= self.sdu
        return body[DATA_FLAGS:]

    def skip_rest(self) -> None:
        """Of a message that nobody reads to its end: a packet shorter than the SDU is its last."""
        while self._full:
            self.read_data()

    def send(self, kind: Packet, body: bytes) -> None:
        self.socket.sendall(self._head(kind, len(body)) + body)

    def send_data(self, message: bytes) -> None:
        """One message, split into as many packets as the SDU needs."""
        room = self.sdu - HEADER - DATA_FLAGS
        pieces = [message[at : at + room] for at in range(0, max(len(message), 1), room)]
        flags = bytes(DATA_FLAGS)
        self.socket.sendall(
            b"".join(self._head(Packet.DATA, len(piece) + DATA_FLAGS) + flags + piece for piece in pieces)
        )

    def send_marker(self, kind: Marker) -> None:
        self.send(Packet.MARKER, bytes((1, 0, kind)))

    def _head(self, kind: Packet, length: int) -> bytes:
        size = length + HEADER
        return (struct.pack(">I", size) if self._wide else struct.pack(">HH", size, 0)) + bytes((kind, 0, 0, 0))

    def _exactly(self, count: int) -> bytes:
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 16))
            if not part:
                raise ConnectionResetError("the client has gone")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
