"""Who is at the door: the connection's certificate, judged anew for every request.

The handshake has checked the path and the dates; here the identity, the usage and the revocation lists are (`Trust`),
so that a certificate revoked while its connection is open is refused at the next request, with a code.

What is wrong with a *connection's* certificate is answered with 401, so that a front-end can tell it from a refusal of
the *batch* (403): its batch then stays in the spool until the certificate is renewed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ssl import SSLObject

from aiohttp import hdrs, web

from gateway.errors import CentreFault, PeerAnonymous, Refuse
from gateway.keys import Identity, Purpose, Trust
from gateway.presence import skew_of
from gateway.server.problem import problem
from gateway.server.visit import VISIT, Handler, defect_log

PEER = web.RequestKey("peer", Identity)
CAME = web.RequestKey("came", datetime)
"""When the request's head had come, by the centre's clock; its body may take a while."""


def skew_of_peer(request: web.Request) -> timedelta | None:
    """How far the clock of who is at the door is ahead of ours; None where its request says no time."""
    return skew_of(request.headers.get(hdrs.DATE), request[CAME])


def make_door(trust: Callable[[], Trust], clock: Callable[[], datetime]) -> Callable[..., object]:
    """The middleware. `trust` gives the present anchors and lists (`KeyRing.trust`)."""

    @web.middleware
    async def check_peer(request: web.Request, handler: Handler) -> web.StreamResponse:
        at = request[CAME] = clock()
        current = _current(trust)
        try:
            peer = _peer(request, current, at)
        except Refuse as error:
            return _turn_away(request, error)
        request[PEER] = peer
        request[VISIT].party = str(peer)
        return await handler(request)

    return check_peer


def _current(trust: Callable[[], Trust]) -> Trust:
    """A broken file in our own `keys/` is no fault of who is at the door."""
    try:
        return trust()
    except Refuse as error:
        defect_log.error("the centre's own trust cannot be read: %s %s", error.code, error)
        raise CentreFault() from error


def _peer(request: web.Request, trust: Trust, at: datetime) -> Identity:
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport else None
    certificate = tls.getpeercert(binary_form=True) if isinstance(tls, SSLObject) else None
    if certificate is None:
        raise PeerAnonymous()
    return trust.verify(certificate, (), Purpose.TLS_CLIENT, at)


def _turn_away(request: web.Request, error: Refuse) -> web.Response:
    request[VISIT].code = error.code
    response = problem(error, status=PeerAnonymous.status)
    response.headers["WWW-Authenticate"] = "Certificate"
    response.force_close()
    return response
