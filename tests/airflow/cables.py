"""A TCP line between two real processes, which a test may hold up in the middle of what passes, or cut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import StrEnum

from tests.peers.postgres import HOST

_SIZE = 4096
_PATIENCE = 120.0


class Toward(StrEnum):
    """Which way bytes go."""

    SERVER = "server"
    CLIENT = "client"


class Hold:
    """From now on, a connection on which more than `after` bytes went that way stands still, until it is let go."""

    def __init__(self, toward: Toward, after: int) -> None:
        self.toward, self.after = toward, after
        self._reached, self._free = threading.Event(), threading.Event()

    def pass_on(self, count: int) -> None:
        """By a line's thread: return when bytes beyond `count` may go on."""
        if count > self.after and not self._free.is_set():
            self._reached.set()
            self._free.wait(_PATIENCE)

    def reached(self) -> None:
        """Wait until something stands still."""
        assert self._reached.wait(_PATIENCE), f"nothing passed {self.after} bytes toward the {self.toward}"

    def let_go(self) -> None:
        self._free.set()


class Cable:
    """In front of a server's port."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._hold: Hold | None = None
        self._sockets: list[socket.socket] = []
        self._down = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, toward: Toward, after: int) -> Hold:
        """Hold up what comes next."""
        self._hold = Hold(toward, after)
        return self._hold

    def cut(self) -> None:
        """The network is down: every connection breaks, and new ones end at once, until `mend`."""
        self._down.set()
        while self._sockets:
            _close(self._sockets.pop())

    def mend(self) -> None:
        """Connections are taken again."""
        self._down.clear()

    def recover(self) -> None:
        """Everything passes again, what is held up, too."""
        self.mend()
        if self._hold is not None:
            self._hold.let_go()

    def close(self) -> None:
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    if self._down.is_set():
                        raise ConnectionResetError
                    server = socket.create_connection((HOST, self._server_port))
                except OSError:
                    _close(client)
                    continue
                self._sockets += [client, server]
                for ends in ((client, server, Toward.SERVER), (server, client, Toward.CLIENT)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, toward: Toward) -> None:
        hold, count = self._hold, 0
        with suppress(OSError):
            while data := source.recv(_SIZE):
                if hold is not self._hold:
                    hold, count = self._hold, 0
                count += len(data)
                if hold is not None and hold.toward is toward:
                    hold.pass_on(count)
                sink.sendall(data)
        _close(sink)
        _close(source)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
