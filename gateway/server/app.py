"""Puts the face together and runs it until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from ssl import SSLContext

from aiohttp import hdrs, web

from gateway.errors import ListenRefused
from gateway.keys import Trust
from gateway.presence import http_date
from gateway.server import batches, heartbeats, uploads
from gateway.server.centre import CENTRE, Centre
from gateway.server.door import make_door
from gateway.server.forwarding import PACE, Forwarder
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
) -> web.Application:
    """The application.

    Args:
        forward: one attempt to send upward what waits for it; raises Retry if it has to be tried again. None where
            nothing goes upward from here.
        trust: the present anchors and revocation lists; asked at every request (`KeyRing.trust`).
        clock: aware now; decides whether a peer's certificate holds, and is what every answer's Date says.
    """
    app = web.Application(middlewares=[write_access_line, answer_with_problems, make_door(trust, clock)])
    app[CENTRE] = Centre(reception, limits, Forwarder(forward, PACE) if forward else None)
    app.cleanup_ctx.append(_running)
    app.on_response_prepare.append(_hide_software)
    app.on_response_prepare.append(_dated(clock))
    app.on_response_prepare.append(uploads.name_version)
    app.router.add_post("/v1/batches", batches.submit)
    app.router.add_post("/v1/heartbeats", heartbeats.hear)
    app.router.add_get(f"/v1/batches/{_DIGEST}/receipt", batches.receipt, allow_head=False)
    app.router.add_get(f"/v1/batches/{_DIGEST}/receipts", batches.receipts, allow_head=False)
    app.router.add_options(f"/v1/uploads/{_DIGEST}", uploads.options)
    app.router.add_head(f"/v1/uploads/{_DIGEST}", uploads.head)
    app.router.add_patch(f"/v1/uploads/{_DIGEST}", uploads.patch)
    return app


async def serve(app: web.Application, *, host: str, port: int, tls: SSLContext, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish the running load and end.

    Uploads that are cut off then lose nothing: what arrived is on disk, and the sender resumes.

    Args:
        port: 0 takes a free one.
        ready: called once with the port, when connections are accepted.

    Raises:
        ListenRefused: the address is taken, or not this machine's.
    """
    limits = app[CENTRE].limits
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=defect_log,
        shutdown_timeout=limits.shutdown,
        keepalive_timeout=_KEEP_ALIVE,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        await _start(site, host, port)
        ready(site.port)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _start(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ListenRefused(host=host, port=port) from error


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
