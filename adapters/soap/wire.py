"""HTTP with one deadline over the whole of each exchange, to hosts on the allow-list only.

requests' and urllib3's timeouts are for each read: a server that trickles a byte a second holds them for ever
(measured: 20 s with a timeout of 2 s), and they do not hand out the socket. `http.client` does, so a watchdog can cut.
Must never follow a redirect, take a proxy from the environment, or let an exception of the library out.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.contract import Request, cut_off
from gateway.errors import LimitExceeded, SourceDenied, SourceMalformed, SourceUnavailable

_CHUNK = 65_536
_CERTIFICATE_ALERTS = (
    "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "HANDSHAKE_FAILURE", "ACCESS_DENIED",
)  # fmt: skip
_PLAIN = {"Accept-Encoding": "identity"}
_LISTEN_SECONDS = 2.0
_BUSY = frozenset({408, 425, 429, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer whose body is still to be read; `chunks` may be iterated once."""

    status: int
    content_type: str
    chunks: Iterator[bytes] = field(repr=False)


class Wire:
    """One kept-alive connection a host. `close` at any moment; not for use by several threads."""

    def __init__(
        self, *, hosts: frozenset[str], context: ssl.SSLContext, idle: float, most: int, request: Request
    ) -> None:
        self._hosts, self._context, self._idle, self._most, self._request = hosts, context, idle, most, request
        self._open: dict[tuple[str, str], http.client.HTTPConnection] = {}
        self._answered: set[tuple[str, str]] = set()
        self._sent: tuple[str, str] | None = None

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    @contextmanager
    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Iterator[Answer]:
        """One request and its answer, to be read inside the `with`.

        Raises:
            SourceUnavailable: no connection, silence, a broken answer, or a server that says it is busy.
            SourceDenied: 401 or 403, or our certificate was refused. SourceMalformed: another refusal, a redirect, a
                host outside the allow-list, a certificate that does not verify.
            LimitExceeded: the deadline passed, or the answer is too long.
        """
        host = self._allowed(url)
        try:
            connection = self._connection(host)
            with cut_off(self._request, lambda: _shut(connection.sock)):
                if self._sent != host:
                    connection.request(method, _path(url), body, {**_PLAIN, **headers})
                self._sent = None
                answer = connection.getresponse()
                self._answered.add(host)
                self._expect_answered(answer)
                kind = answer.headers.get_content_type()
                yield Answer(status=answer.status, content_type=kind, chunks=self._chunks(answer))
                if not answer.isclosed():
                    self._drop(host)
        except (http.client.HTTPException, OSError) as error:
            self._drop(host)
            self._request.remaining()
            raise self._of_failure(host, error) from error
        except BaseException:
            self._drop(host)
            raise

    def send_ahead(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a request while its caller is still busy; the next `exchange` has to be of the same one, and reads the
        answer. What goes wrong here goes wrong there again, and is told there.
        """
        host = self._allowed(url)
        try:
            connection = self._connection(host)
            with cut_off(self._request, lambda: _shut(connection.sock)):
                connection.request(method, _path(url), body, {**_PLAIN, **headers})
            self._sent = host
        except (http.client.HTTPException, OSError):
            self._drop(host)

    def _connection(self, host: tuple[str, str]) -> http.client.HTTPConnection:
        if host in self._open:
            return self._open[host]
        timeout = min(self._idle, self._request.remaining())
        scheme, netloc = host
        if scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                netloc, timeout=timeout, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(netloc, timeout=timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open[host] = connection
        return connection

    def _drop(self, host: tuple[str, str]) -> None:
        self._sent = None
        connection = self._open.pop(host, None)
        if connection is not None:
            connection.close()

    def _chunks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """The body as it arrives: `read1` waits for the first byte only, so trickling is seen, not slept through."""
        size = 0
        while chunk := answer.read1(_CHUNK):
            self._request.remaining()
            size += len(chunk)
            if size > self._most:
                limit = self._most
                zh, en = f"单页应答超过 {limit} 字节", f"a page of over {limit} bytes"
                raise LimitExceeded(feed=self._request.feed, limit_zh=zh, limit_en=en)
            yield chunk
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        # `read1` does not see by itself that a body of known length is over; unless told, the connection is not reused.
        answer.close()

    def _allowed(self, url: str) -> tuple[str, str]:
        """Scheme and place of a host on the allow-list."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname not in self._hosts:
            raise self._malformed(f"不允许访问 {parts.hostname}", f"{parts.hostname} is not on the allow-list")
        return parts.scheme, parts.netloc

    def _expect_answered(self, answer: http.client.HTTPResponse) -> None:
        """A SOAP fault comes with status 500 (SOAP 1.1, section 6.2) or 400, so these two are left to the reader."""
        status = answer.status
        if status in (401, 403):
            raise SourceDenied(feed=self._request.feed)
        if status in _BUSY:
            raise self.unavailable(f"对方系统繁忙(HTTP {status})", f"it is busy (HTTP {status})")
        if status not in (200, 400, 500):
            raise self._malformed(f"对方答复 HTTP {status}", f"it answered HTTP {status}")

    def _of_failure(
        self, host: tuple[str, str], error: Exception
    ) -> SourceDenied | SourceMalformed | SourceUnavailable:
        """Their certificate is not one we trust; or ours is not one they take; or the line is broken."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._malformed("对方的 https 证书未通过核验", "its https certificate does not verify")
        if host[0] == "https" and host not in self._answered and self._refuses_us(host, error):
            return SourceDenied(feed=self._request.feed)
        return self.unavailable("连接失败、中断或长时间无应答", "the connection failed, broke off or fell silent")

    def _refuses_us(self, host: tuple[str, str], error: Exception) -> bool:
        """In TLS 1.3 a server judges our certificate after the handshake, and a request on its way then breaks off
        before its word is read. So we connect once more, say nothing, and listen: an alert, or (node.js) a connection
        closed at once, is its word. Silence is none.
        """
        if _is_refusal(error):
            return True
        try:
            wire = self._connection(host).sock
            wire.settimeout(min(_LISTEN_SECONDS, self._request.remaining()))
            return wire.recv(1) == b""
        except OSError as told:
            return _is_refusal(told)
        finally:
            self._drop(host)

    def unavailable(self, zh: str, en: str) -> SourceUnavailable:
        return SourceUnavailable(feed=self._request.feed, reason_zh=zh, reason_en=en)

    def _malformed(self, zh: str, en: str) -> SourceMalformed:
        return SourceMalformed(feed=self._request.feed, where="HTTP", reason_zh=zh, reason_en=en)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_refusal(error: Exception) -> bool:
    """Whether it is an alert about our certificate, or about our having none."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return any(words in reason for words in _CERTIFICATE_ALERTS)


def _shut(wire: socket.socket) -> None:
    """Whoever is reading it sees its end at once; another thread may have closed it in the meantime."""
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
