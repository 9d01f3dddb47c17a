"""An HTTP proxy before the object store, which fails writes or loses their answers when it is told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP = ("transfer-encoding", "connection", "keep-alive")


class Fate(StrEnum):
    """What becomes of a write."""

    REFUSED = "the store says 503, and nothing is stored"
    UNHEARD = "it is stored, and the line breaks before the answer"


@dataclass
class Faulty:
    """The proxy. `fates` are those of the next writes, in order; `writes` counts all that were asked for."""

    target: int
    fates: list[Fate] = field(default_factory=list)
    writes: int = 0
    url: str = ""

    def next_fate(self) -> Fate | None:
        self.writes += 1
        return self.fates.pop(0) if self.fates else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Faulty


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fate = self.server.proxy.next_fate()
        if fate is Fate.REFUSED:
            self._answer(503, {}, b"")
            return
        answer = self._passed_on(body)
        if fate is Fate.UNHEARD:
            self.close_connection = True
            self.connection.close()
            return
        self._answer(*answer)

    def do_GET(self) -> None:
        self._answer(*self._passed_on(self.rfile.read(int(self.headers.get("Content-Length", 0)))))

    do_HEAD = do_DELETE = do_POST = do_GET

    def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.server.proxy.target, timeout=10)
        line.request(self.command, self.path, body, dict(self.headers))
        response = line.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
        content = response.read()
        line.close()
        return response.status, kept, content

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: what matters is counted."""


@contextmanager
def faulty(target: int) -> Iterator[Faulty]:
    """In front of the server on this port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy = Faulty(target=target, url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
