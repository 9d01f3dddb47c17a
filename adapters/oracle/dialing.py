"""A log-in that ends in time: the driver waits for ever on a listener that takes the connection and never speaks.

Its own timeout covers the TCP connection alone (measured with 26.1), and before log-in there is no connection object on
which to cancel. So the interpreter's audit event tells which sockets the dialling thread connects, and the watchdog
shuts them down. Must never touch a socket of another thread.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from adapters.contract import Request, cut_off


class _Dialled(threading.local):
    """The sockets that this thread has connected while it dials; None while it does not."""

    sockets: list[socket.socket] | None = None


_dialled = _Dialled()


def _remember(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _dialled.sockets is not None and isinstance(arguments[0], socket.socket):
        _dialled.sockets.append(arguments[0])


sys.addaudithook(_remember)  # once a process: a hook cannot be taken back


@contextmanager
def dialling(request: Request) -> Iterator[None]:
    """What is connected inside is hung up on once the request's deadline passes or it is cancelled."""
    sockets = _dialled.sockets = []
    try:
        with cut_off(request, lambda: _hang_up(sockets)):
            yield
    finally:
        _dialled.sockets = None


def _hang_up(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
