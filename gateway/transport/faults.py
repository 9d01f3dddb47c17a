"""The driver's exceptions as ours: what broke, without the driver's words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from gateway.errors import OwnCertificateRefused, PeerUnavailable, PeerUntrusted

_REASONS = (
    (httpx.ConnectTimeout, "连接超时", "the connection timed out"),
    (httpx.TimeoutException, "等待超时", "it stopped answering"),
    (httpx.ConnectError, "无法建立连接", "no connection"),
    (
        httpx.RemoteProtocolError,
        "对方未作答即断开,若反复如此请核对 keys/tls.crt",
        "it hung up without an answer; if it keeps doing so, check keys/tls.crt",
    ),
    (httpx.HTTPError, "连接中断", "the connection broke"),
)


@contextmanager
def translated(centre: str) -> Iterator[None]:
    """Run a piece of the conversation with `centre`.

    Raises:
        PeerUntrusted: its certificate failed in the handshake.
        OwnCertificateRefused: it sent a TLS alert about ours.
        PeerUnavailable: everything else that can happen to a connection.
    """
    try:
        yield
    except httpx.HTTPError as fault:
        tls = _tls_fault(fault)
        if isinstance(tls, ssl.SSLCertVerificationError):
            raise PeerUntrusted(centre=centre, reason="TLS") from fault
        if tls is not None and _is_about_us(tls):
            raise OwnCertificateRefused(centre=centre, reason="TLS") from fault
        zh, en = next((zh, en) for kind, zh, en in _REASONS if isinstance(fault, kind))
        raise PeerUnavailable(centre=centre, reason_zh=zh, reason_en=en) from fault


def _tls_fault(fault: BaseException | None) -> ssl.SSLError | None:
    while fault is not None:
        if isinstance(fault, ssl.SSLError):
            return fault
        fault = fault.__cause__ or fault.__context__
    return None


def _is_about_us(fault: ssl.SSLError) -> bool:
    """RFC 8446 6.2: bad_certificate … unknown_ca, certificate_required. OpenSSL names them `…_ALERT_…`."""
    reason = fault.reason or ""
    return "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason)
