"""A centre that hands out whatever a test wants, with the real centre's keys, and keeps what it hears."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.app import CentreNode
from gateway.instructions import Given, Heard, State, encode_given, encode_heard
from gateway.keys import tls


@dataclass(kw_only=True)
class Hostile:
    """What it hands out, and the reports it was sent, by number."""

    given: list[Given] = field(default_factory=list)
    raw: bytes | None = None  # in place of an answer
    refuses: str | None = None  # the code with which every report is refused
    heard: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    port: int = 0


@contextmanager
def hostile(node: CentreNode) -> Iterator[Hostile]:
    """It serves until the block is left."""
    said = Hostile()

    class Face(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(said.raw or encode_given(said.given))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/heartbeats":
                at = datetime.now(UTC).isoformat()
                self._answer(json.dumps({"department": "agri", "at": at, "skew_ms": 0}).encode())
                return
            if said.refuses is not None:
                problem = {"code": said.refuses, "title": "拒绝", "detail": "no", "advice_zh": "", "advice_en": ""}
                self._answer(json.dumps(problem).encode(), 403, "application/problem+json")
                return
            number, report = self.path.split("/")[3], json.loads(body)
            said.heard.setdefault(number, []).append(report)
            self._answer(encode_heard(Heard(number=number, state=State.FAILED, seq=report["seq"])))

        def _answer(self, body: bytes, status: int = 200, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Face)
    server.socket = tls.server_context(node.keys).wrap_socket(server.socket, server_side=True)
    said.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
