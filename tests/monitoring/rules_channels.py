"""Where messages arrive in these tests: a webhook and WeCom's interface on one HTTP port, and a mail server.

They take everything and keep it. Nobody's address, nobody's account; must never answer but on loopback.
"""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Channels:
    """What has arrived, in order, and the two ports."""

    http: int
    smtp: int
    hooks: list[dict[str, Any]] = field(default_factory=list)
    wecom: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    def told(self, status: str) -> list[dict[str, Any]]:
        """Every alert of this status in any message of the webhook."""
        return [alert for hook in self.hooks for alert in hook["alerts"] if alert["status"] == status]


@contextmanager
def channels() -> Iterator[Channels]:
    """Listen until the end of the `with`."""
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Web) as web,
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as mail,
    ):
        kept = Channels(http=web.server_address[1], smtp=mail.server_address[1])
        web.kept = mail.kept = kept
        threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in (web, mail)]
        for thread in threads:
            thread.start()
        try:
            yield kept
        finally:
            for server, thread in zip((web, mail), threads, strict=True):
                server.shutdown()
                thread.join()


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """WeCom's `gettoken`."""
        self._answer({"errcode": 0, "access_token": "token"} if "/cgi-bin/gettoken" in self.path else {})

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kept: Channels = self.server.kept
        (kept.wecom if "/cgi-bin/message/send" in self.path else kept.hooks).append(document)
        self._answer({"errcode": 0, "errmsg": "ok"})

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' stderr."""

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client that only hands over mail needs."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode("ascii").strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                self._say("354 go on")
                self._keep()
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.kept.mails.append(message)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode("ascii"))
