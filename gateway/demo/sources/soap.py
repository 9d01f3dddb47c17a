"""The civil-affairs bureau's SOAP service: one operation, paged, behind a WS-Security password.

A real service to a client: its WSDL is served at `/dibao?wsdl`, its answers keep to it, and a wrong call is a fault.
"""

from __future__ import annotations

import argparse
import hmac
import threading
from datetime import date
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from xml.sax.saxutils import escape

from lxml import etree

from gateway.demo.sources import dibao
from gateway.demo.sources.generate import SEED
from gateway.demo.sources.serving import announce, password, until_terminated

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_NAMESPACE = "urn:changning:minzheng:dibao"
_MOST_REQUEST = 1 << 20
_MOST_ROWS = 5_000


class Fault(Exception):
    """Answered as a SOAP fault with this code and text."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class Service(ThreadingHTTPServer):
    """Holds what the operation needs: who may call, and the list's size."""

    daemon_threads = True

    def __init__(self, port: int, user: str, secret: str, rows: int, seed: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.account = (user, secret)
        self.rows, self.seed = rows, seed
        self.block = lru_cache(maxsize=8)(lambda number, month: dibao.block(number, rows, month, seed))

    def wsdl(self) -> bytes:
        text = files("gateway.demo.sources").joinpath("dibao.wsdl").read_text(encoding="utf-8")
        return text.replace("{address}", f"http://127.0.0.1:{self.server_port}/dibao").encode()

    def query(self, month: date, page: int, size: int) -> str:
        """The answer to one page, as the content of the SOAP body."""
        first = (page - 1) * size
        items = []
        for at in range(first, min(first + size, self.rows)):
            row = self.block(at // dibao.BLOCK, month)[at % dibao.BLOCK]
            fields = zip(dibao.ELEMENTS, row, strict=True)
            items.append(f"<item>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in fields)}</item>")
        content = f"<total>{self.rows}</total><list>{''.join(items)}</list>"
        return f'<queryDibaoResponse xmlns="{_NAMESPACE}">{content}</queryDibaoResponse>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        if self.path == "/dibao?wsdl":
            self._answer(200, self.server.wsdl())
        else:
            self._answer(404, b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/dibao" or not 0 < length <= _MOST_REQUEST:
            self.close_connection = True
            self._answer(404, b"")
            return
        try:
            call = _Call(self.rfile.read(length))
            call.expect_account(self.server.account)
            self._envelope(200, self.server.query(call.month, call.page, call.size))
        except Fault as fault:
            body = f"<s:Fault><faultcode>{fault.code}</faultcode><faultstring>{fault.text}</faultstring></s:Fault>"
            self._envelope(500, body)

    def _envelope(self, status: int, body: str) -> None:
        head = f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}" xmlns:wsse="{_WSSE}"><s:Body>'
        self._answer(status, f"{head}{body}</s:Body></s:Envelope>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request's path and body are nobody's business, and the front-end keeps the ledger."""


class _Call:
    """One request, read strictly."""

    def __init__(self, raw: bytes) -> None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            self._root = etree.fromstring(raw, parser)
        except etree.XMLSyntaxError:
            raise Fault("s:Client", "not well-formed") from None
        if self._root.getroottree().docinfo.internalDTD is not None:
            raise Fault("s:Client", "no DTD here")

    def expect_account(self, account: tuple[str, str]) -> None:
        given = [self._text(f".//{{{_WSSE}}}{name}") for name in ("Username", "Password")]
        if not all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, account, strict=True)):
            raise Fault("wsse:FailedAuthentication", "who are you")

    @property
    def month(self) -> date:
        text = self._text(f".//{{{_NAMESPACE}}}month")
        try:
            return date(int(text[:4]), int(text[4:]), 1)
        except ValueError:
            raise Fault("s:Client", "month is yyyymm") from None

    @property
    def page(self) -> int:
        return self._number("pageNo", 10**9)

    @property
    def size(self) -> int:
        return self._number("pageSize", _MOST_ROWS)

    def _number(self, name: str, most: int) -> int:
        text = self._text(f".//{{{_NAMESPACE}}}{name}")
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise Fault("s:Client", f"{name} is out of range")
        return int(text)

    def _text(self, path: str) -> str:
        return (self._root.findtext(path) or "").strip()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="gateway.demo.sources.soap", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-env", required=True, help="name of the variable that holds the password")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    with Service(given.port, given.user, password(given.password_env), given.rows, given.seed) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        announce(port=service.server_port, wsdl=f"http://127.0.0.1:{service.server_port}/dibao?wsdl")
        until_terminated()
        service.shutdown()


if __name__ == "__main__":
    main()
