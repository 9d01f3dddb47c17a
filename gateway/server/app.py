"""Puts the face together and runs it until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ssl import SSLContext

from aiohttp import hdrs, web

from gateway.errors import ListenRefused
from gateway.keys import Trust
from gateway.presence import http_date
from gateway.publication import CatalogueBook
from gateway.server import batches, catalogues, heartbeats, instructions, uploads
from gateway.server.centre import CENTRE, Centre
from gateway.server.dispatch import DISPATCH, Dispatch
from gateway.server.door import Proxies, make_door, no_proxies
from gateway.server.forwarding import PACE, Forwarder
from gateway.server.health import Attest, make_health
from gateway.server.limits import Limits
from gateway.server.problem import answer_with_problems
from gateway.server.reception import Reception
from gateway.server.visit import defect_log, write_access_line

_DIGEST = "{digest:[0-9a-f]{64}}"
_KEEP_ALIVE = 75.0
DEFAULT_LIMITS = Limits()


def make_app(
    *,
    reception: Reception,
    trust: Callable[[], Trust],
    clock: Callable[[], datetime],
    limits: Limits = DEFAULT_LIMITS,
    forward: Callable[[], None] | None = None,
    proxies: Proxies = no_proxies,
    attest: Attest | None = None,
    dispatch: Dispatch | None = None,
    published: CatalogueBook | None = None,
) -> web.Application:
    """The application.

    Args:
        forward: one attempt to send upward what waits for it; raises Retry if it has to be tried again. None where
            nothing goes upward from here.
        proxies: digests of the certificates of this centre's proxies; asked at every request.
        attest: the centre's signed answer to a health check; None: it answers none.
        dispatch: the centre's instructions; None: it hands out none.
        published: the versions of its catalogue, handed out by the threads of `dispatch`; None: it hands out none.
        trust: the present anchors and revocation lists; asked at every request (`KeyRing.trust`).
        clock: aware now; decides whether a peer's certificate holds, and is what every answer's Date says.
    """
    app = web.Application(middlewares=[write_access_line, answer_with_problems, make_door(trust, clock, proxies)])
    app[CENTRE] = Centre(reception, limits, Forwarder(forward, PACE) if forward else None)
    app.cleanup_ctx.append(_running)
    app.on_response_prepare.append(_hide_software)
    app.on_response_prepare.append(_dated(clock))
    app.on_response_prepare.append(uploads.name_version)
    app.router.add_post("/v1/batches", batches.submit)
    app.router.add_post("/v1/heartbeats", heartbeats.hear)
    app.router.add_get(f"/v1/batches/{_DIGEST}/receipt", batches.receipt, allow_head=False)
    app.router.add_get(f"/v1/batches/{_DIGEST}/receipts", batches.receipts, allow_head=False)
    if attest is not None:
        app.router.add_get("/v1/health", make_health(attest), allow_head=False)
    if dispatch is not None:
        _hand_out(app, dispatch)
    if published is not None:
        app[catalogues.CATALOGUES] = published
        app.router.add_get("/v1/catalogue", catalogues.newest, allow_head=False)
    app.router.add_options(f"/v1/uploads/{_DIGEST}", uploads.options)
    app.router.add_head(f"/v1/uploads/{_DIGEST}", uploads.head)
    app.router.add_patch(f"/v1/uploads/{_DIGEST}", uploads.patch)
    return app


@dataclass(frozen=True, kw_only=True)
class Face:
    """An application and where it listens; `tls` None: plain HTTP, for this machine or a network that is trusted.

    Attributes:
        port: 0 takes a free one.
        ready: called once with the port, when connections are accepted.
    """

    app: web.Application
    host: str
    port: int
    tls: SSLContext | None
    ready: Callable[[int], None]


async def serve(
    app: web.Application,
    *,
    host: str,
    port: int,
    tls: SSLContext,
    ready: Callable[[int], None],
    office: Face | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the running load and end.

    Uploads that are cut off then lose nothing: what arrived is on disk, and the sender resumes.

    Args:
        port: 0 takes a free one.
        ready: called once with the port, when connections are accepted.
        office: the office interface, where this centre has one; it ends before the wire does.

    Raises:
        ListenRefused: an address is taken, or not this machine's.
    """
    shutdown = app[CENTRE].limits.shutdown
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as running:
        for face in (Face(app=app, host=host, port=port, tls=tls, ready=ready), office):
            if face is not None:
                face.ready(await running.enter_async_context(_listening(face, shutdown)))
        await stop.wait()


@asynccontextmanager
async def _listening(face: Face, shutdown: float) -> AsyncIterator[int]:
    """Its port, while it answers."""
    runner = web.AppRunner(
        face.app,
        access_log=None,
        logger=defect_log,
        shutdown_timeout=shutdown,
        keepalive_timeout=_KEEP_ALIVE,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, face.host, face.port, ssl_context=face.tls)
        await _start(site, face.host, face.port)
        yield site.port
    finally:
        await runner.cleanup()


async def _start(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ListenRefused(host=host, port=port) from error


def _hand_out(app: web.Application, dispatch: Dispatch) -> None:
    """The agents' side of the centre's instructions; it ends with this application."""
    app[DISPATCH] = dispatch
    app.on_shutdown.append(_send_waiters_away)
    app.on_cleanup.append(_stop_dispatch)
    app.router.add_get("/v1/instructions", instructions.give, allow_head=False)
    app.router.add_post(f"/v1/instructions/{instructions.NUMBER}/reports", instructions.report)


async def _send_waiters_away(app: web.Application) -> None:
    await app[DISPATCH].release()


async def _stop_dispatch(app: web.Application) -> None:
    await app[DISPATCH].stop()


async def _running(app: web.Application) -> AsyncIterator[None]:
    await app[CENTRE].start()
    yield
    await app[CENTRE].stop()


async def _hide_software(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "yizhan"


def _dated(clock: Callable[[], datetime]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """The node's clock, which may be fixed in a rehearsal, and not the machine's (RFC 9110 6.6.1)."""

    async def date(request: web.Request, response: web.StreamResponse) -> None:
        response.headers[hdrs.DATE] = http_date(clock())

    return date
