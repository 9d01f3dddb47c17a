"""The exporter's face: `/metrics` over HTTP, on this machine alone or, with mutual TLS, beyond it.

Listening, threads and TLS are prometheus_client's; the answers are made here. Owns the rule that nobody beyond this
machine reads metrics without a certificate: they tell which department is late. It must never serve anything else.
"""

from __future__ import annotations

import errno
import logging
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from threading import Thread
from typing import TextIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, start_http_server

from gateway.errors import ExporterExposed, ListenFailed
from monitoring.exporter.exporter import Exporter
from monitoring.exporter.exposition import CONTENT_TYPE
from monitoring.exporter.listening import Listen, MutualTls

_WAIT = 10.0
"""Seconds that a connection may be silent."""
_PLAIN = "text/plain; charset=utf-8"

_PATH = "/metrics"
_NOTHING = CollectorRegistry()
"""What prometheus_client's own app serves until ours takes its place."""


@contextmanager
def serving(exporter: Exporter, listen: Listen, tls: MutualTls | None, log: logging.Logger) -> Iterator[Listen]:
    """Serve in the background until the end of the `with`; gives the address taken.

    Raises:
        ExporterExposed, ListenFailed
        ExporterTlsUnusable, KeyFileExposed: a file of `tls` cannot be used.
    """
    if tls is None and not listen.on_this_machine:
        raise ExporterExposed(address=str(listen))
    if tls is not None:
        tls.require_usable()
    server, thread = _start(listen, tls)
    server.set_app(_app(exporter.text))
    server.RequestHandlerClass = _handler(log)
    if isinstance(server.socket, ssl.SSLSocket):
        # the handshake belongs to the connection's own thread: here, one silent client would keep all others waiting
        server.socket.do_handshake_on_connect = False
    try:
        yield Listen(host=listen.host, port=server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _start(listen: Listen, tls: MutualTls | None) -> tuple[WSGIServer, Thread]:
    try:
        if tls is None:
            return start_http_server(listen.port, listen.host, _NOTHING)
        return start_http_server(
            listen.port,
            listen.host,
            _NOTHING,
            certfile=str(tls.certificate),
            keyfile=str(tls.key),
            client_cafile=str(tls.client_ca),
            client_auth_required=True,
            tls_min_version=ssl.TLSVersion.TLSv1_3,
        )
    except OSError as refused:
        symbol = errno.errorcode.get(refused.errno or 0, "?")
        raise ListenFailed(address=str(listen), errno=symbol) from None


def _app(metrics: Callable[[], bytes]) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        headers = [("Content-Type", _PLAIN)]
        if method not in ("GET", "HEAD"):
            status, body, headers = "405 Method Not Allowed", b"", [*headers, ("Allow", "GET, HEAD")]
        elif path == _PATH:
            status, body, headers = "200 OK", metrics(), [("Content-Type", CONTENT_TYPE)]
        elif path == "/":
            status, body = "200 OK", f"yizhan exporter: {_PATH}\n".encode()
        else:
            status, body = "404 Not Found", f"{_PATH}\n".encode()
        start(status, [*headers, ("Content-Length", str(len(body)))])
        return [] if method == "HEAD" else [body]

    return answer


def _handler(log: logging.Logger) -> type[WSGIRequestHandler]:
    class Handler(WSGIRequestHandler):
        """One connection, which is not waited for long."""

        timeout = _WAIT

        def setup(self) -> None:
            super().setup()
            self._printed = StringIO()

        def get_stderr(self) -> TextIO:
            """Where wsgiref prints its whole stack when a reader goes away in the middle of an answer."""
            return self._printed

        def handle(self) -> None:
            try:
                super().handle()
            except OSError as broken:  # a handshake that failed, a client that went away
                log.info("connection from %s ended: %s", self.client_address[0], type(broken).__name__)
            for line in self._printed.getvalue().splitlines()[-1:]:  # the error's name and words end what was printed
                log.info("connection from %s ended: %s", self.client_address[0], line.partition(":")[0])

        def log_message(self, format: str, *args: object) -> None:
            """A scrape a minute is no news."""

    return Handler
