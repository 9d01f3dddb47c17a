"""A TCP proxy in front of a server, which cuts one connection at a chosen moment; then it only passes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from tests.peers.postgres import HOST

_SIZE = 65_536


class Cut(StrEnum):
    """What becomes of the bytes at which the connection is cut."""

    BEFORE = "they never arrive"
    HALF_OPEN = "they never arrive, and the server is not told that the client is gone"
    AFTER = "they arrive, and the answer is lost"


@dataclass(frozen=True, kw_only=True)
class _Order:
    at: bytes
    how: Cut
    then: Callable[[], object]


class Proxy:
    """Between `port` and the server's own."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server((HOST, 0))
        self._order: _Order | None = None
        self._sockets: list[socket.socket] = [self._listener]
        self._down = threading.Event()
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def cut(self, at: bytes, how: Cut, then: Callable[[], object] = lambda: None) -> None:
        """Cut the first connection on which the client sends `at`, and do `then` at that moment."""
        self._order = _Order(at=at, how=how, then=then)

    def sever(self) -> None:
        """The network is down: every connection breaks, and new ones end at once, until `mend`."""
        self._down.set()
        for one in self._sockets[1:]:
            _close(one)

    def mend(self) -> None:
        self._down.clear()

    def close(self) -> None:
        for one in self._sockets:
            _close(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._down.is_set():
                    _close(client)
                    continue
                self._sockets.append(client)
                try:
                    server = socket.create_connection((HOST, self._server_port))
                except OSError:
                    _close(client)
                    continue
                self._sockets.append(server)
                lost = threading.Event()
                threading.Thread(target=self._to_server, args=(client, server, lost), daemon=True).start()
                threading.Thread(target=self._to_client, args=(client, server, lost), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            tail = b""  # what is looked for may come in two pieces
            while data := client.recv(_SIZE):
                order = self._order
                if order is None or order.at not in tail + data:
                    server.sendall(data)
                    tail = data[-100:] if order else b""  # not of what came before the order
                    continue
                self._order = None
                self.cuts += 1
                if order.how is Cut.AFTER:
                    self._then = order.then
                    lost.set()
                    server.sendall(data)
                    return
                order.then()
                _close(client)
                if order.how is Cut.HALF_OPEN:
                    return
                break
        _close(server)

    def _to_client(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(_SIZE):
                if lost.is_set():
                    self._then()
                    break
                client.sendall(data)
        _close(client)
        if lost.is_set():
            _close(server)


@contextmanager
def proxy(server_port: int) -> Iterator[Proxy]:
    made = Proxy(server_port)
    try:
        yield made
    finally:
        made.close()


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
