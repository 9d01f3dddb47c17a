"""A SOAP service that answers what a test tells it to, over real HTTP: for answers that no decent service gives.

A test's script is the whole server; nothing is generated here and nothing is checked.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.processes import ROOT


@dataclass
class Script:
    """What the server answers: bodies of successive POSTs (the last one again and again), what `answer` makes of a
    request, or a whole raw answer. `files` are served to GET by path, before the WSDL.
    """

    pages: list[str | bytes] = field(default_factory=list)
    answer: Callable[[bytes], str | bytes] | None = None
    status: int = 200
    content_type: str = "text/xml"
    raw: bytes | None = None
    trickle: bytes = b""
    wsdl: Callable[[str], str] = lambda text: text
    files: dict[str, str] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    callers: set[tuple[str, int]] = field(default_factory=set)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        script: Script = self.server.script
        script.fetched.append(self.path)
        if self.path in script.files:
            self._send(200, "text/xml", script.files[self.path].encode())
            return
        text = (ROOT / "gateway/demo/sources/dibao.wsdl").read_text(encoding="utf-8")
        text = script.wsdl(text.replace("{address}", f"{self.server.address}/x"))
        self._send(200, "text/xml", text.encode())

    def do_POST(self) -> None:
        script: Script = self.server.script
        script.callers.add(self.client_address)
        script.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        if script.raw is not None:
            self.wfile.write(script.raw)
            self.close_connection = True
            while script.trickle:
                try:
                    self.wfile.write(script.trickle)
                except OSError:
                    return
                time.sleep(0.05)
            return
        page = (
            script.answer(script.asked[-1])
            if script.answer
            else script.pages[min(len(script.asked), len(script.pages)) - 1]
        )
        self._send(script.status, script.content_type, page.encode() if isinstance(page, str) else page)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        if tls is not None:
            # Each connection shakes hands in its own thread, not where the next one is waited for.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client cuts connections off; that is what is being tested."""


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of the WSDL."""
    with _Server(script, tls) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"{server.address}/x?wsdl"
        finally:
            server.shutdown()


def envelope(body: str, declaration: str = "") -> str:
    return f'{declaration}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'


def page(total: int, *numbers: int, extra: str = "") -> str:
    items = "".join(f"<item><familyNo>{n}</familyNo><holderName>王{n}</holderName>{extra}</item>" for n in numbers)
    inside = f"<total>{total}</total><list>{items}</list>"
    return envelope(f'<q:queryDibaoResponse xmlns:q="urn:x">{inside}</q:queryDibaoResponse>')


def fault(code: str) -> str:
    return envelope(f"<s:Fault><faultcode>{code}</faultcode><faultstring>王隐 430482</faultstring></s:Fault>")


def parameter(request: bytes, name: str) -> str | None:
    """The value of one of a request's parameters; None when it is not there."""
    found = re.search(rf"<(?:\w+:)?{name}(?:/>|>([^<]*)<)", request.decode())
    return None if found is None else found[1] or ""


def any_parameter(text: str) -> str:
    """The WSDL, whose operation then takes a cursor and a range as well, none of them necessarily."""
    names = ("lastId", "beginTime", "endTime", "pageNo", "pageSize")
    elements = "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in names)
    text = text.replace('<xs:element name="pageNo" type="xs:int"/>', elements)
    return text.replace('<xs:element name="pageSize" type="xs:int"/>', "")
