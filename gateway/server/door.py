"""Who is at the door: the connection's certificate, judged anew for every request.

The handshake has checked the path and the dates; here the identity, the usage and the revocation lists are (`Trust`),
so that a certificate revoked while its connection is open is refused at the next request, with a code.

Where the centre has a proxy that ends TLS, its connection's certificate must hold as well, and be one that the site
file names; then the certificate it hands on is judged by the same rules as one that came over TLS itself (`handed`).

What is wrong with a *connection's* certificate is answered with 401, so that a front-end can tell it from a refusal of
the *batch* (403): its batch then stays in the spool until the certificate is renewed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ssl import SSLObject
from typing import TypeVar

from aiohttp import hdrs, web

from gateway.errors import CentreFault, PeerAnonymous, Refuse
from gateway.keys import Identity, Purpose, Trust
from gateway.presence import skew_of
from gateway.server.handed import handed_on, refuse_header
from gateway.server.problem import problem
from gateway.server.visit import VISIT, Handler, defect_log

_T = TypeVar("_T")
PEER = web.RequestKey("peer", Identity)
CAME = web.RequestKey("came", datetime)
"""When the request's head had come, by the centre's clock; its body may take a while."""


def skew_of_peer(request: web.Request) -> timedelta | None:
    """How far the clock of who is at the door is ahead of ours; None where its request says no time."""
    return skew_of(request.headers.get(hdrs.DATE), request[CAME])


Proxies = Callable[[], frozenset[str]]
"""SHA-256 (lower-case hex) of the certificates of this centre's own proxies, as the files have them now."""


def no_proxies() -> frozenset[str]:
    """Nobody speaks for others."""
    return frozenset()


def make_door(
    trust: Callable[[], Trust], clock: Callable[[], datetime], proxies: Proxies = no_proxies
) -> Callable[..., object]:
    """The middleware. `trust` gives the present anchors and lists (`KeyRing.trust`)."""

    @web.middleware
    async def check_peer(request: web.Request, handler: Handler) -> web.StreamResponse:
        at = request[CAME] = clock()
        current, ours = _current(trust), _current(proxies)
        try:
            peer = _peer(request, current, ours, at)
        except Refuse as error:
            return _turn_away(request, error)
        request[PEER] = peer
        request[VISIT].party = str(peer)
        return await handler(request)

    return check_peer


def _current(read: Callable[[], _T]) -> _T:
    """A broken file in our own `keys/` is no fault of who is at the door."""
    try:
        return read()
    except Refuse as error:
        defect_log.error("the centre's own trust cannot be read: %s %s", error.code, error)
        raise CentreFault() from error


def _peer(request: web.Request, trust: Trust, proxies: frozenset[str], at: datetime) -> Identity:
    presented = trust.verify(_presented(request), (), Purpose.TLS_CLIENT, at)
    if presented.fingerprint in proxies:
        return trust.verify(handed_on(request), (), Purpose.TLS_CLIENT, at)
    refuse_header(request, presented)
    return presented


def _presented(request: web.Request) -> bytes:
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport else None
    certificate = tls.getpeercert(binary_form=True) if isinstance(tls, SSLObject) else None
    if certificate is None:
        raise PeerAnonymous()
    return certificate


def _turn_away(request: web.Request, error: Refuse) -> web.Response:
    request[VISIT].code = error.code
    response = problem(error, status=PeerAnonymous.status)
    response.headers["WWW-Authenticate"] = "Certificate"
    response.force_close()
    return response
