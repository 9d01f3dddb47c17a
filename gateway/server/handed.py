"""The client certificate that a proxy hands on, where a centre has a proxy that ends TLS (`proxy:` in site.yaml).

A header says nothing by itself: it is read over a connection whose own certificate is one of those that the centre's
site file names, and over no other. Must never decide whom to trust; both certificates go to `Trust` (`door`).
"""

from __future__ import annotations

import ssl
from urllib.parse import unquote

from aiohttp import web

from gateway.errors import HeaderForged, ProxySilent
from gateway.keys import Identity

HEADER = "Yizhan-Client-Certificate"
"""nginx's `$ssl_client_escaped_cert`: one PEM certificate, URL-encoded."""


def handed_on(request: web.Request) -> bytes:
    """The certificate (DER, not verified) that the proxy says this request came with. Raises ProxySilent."""
    said = request.headers.getall(HEADER, [])
    try:
        (escaped,) = said
        return ssl.PEM_cert_to_DER_cert(unquote(escaped, errors="strict").strip())
    except ValueError:
        raise ProxySilent() from None


def refuse_header(request: web.Request, presented: Identity) -> None:
    """Nobody but a proxy speaks for others. Raises HeaderForged."""
    if HEADER in request.headers:
        raise HeaderForged(presented=presented)
