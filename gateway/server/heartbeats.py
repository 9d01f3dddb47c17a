"""Heartbeats of front-ends: `POST /v1/heartbeats`."""

from __future__ import annotations

from aiohttp import web

from gateway.errors import HeartbeatTooLarge, MediaTypeWrong, WireMalformed
from gateway.presence import milliseconds, parse
from gateway.server.centre import CENTRE
from gateway.server.door import PEER, skew_of_peer
from gateway.server.visit import VISIT

_JSON = "application/json"


async def hear(request: web.Request) -> web.Response:
    """Take a report and say when it came, and how far the sender's clock is ahead of ours."""
    centre, skew = request.app[CENTRE], skew_of_peer(request)
    content = await _body(request, centre.limits.heartbeat)
    report = await centre.work(parse, content)
    at = await centre.work(centre.reception.hear, report, request[PEER], skew)
    body = {"department": request[PEER].id, "at": at.isoformat(), "skew_ms": milliseconds(skew)}
    return web.json_response(body)


async def _body(request: web.Request, limit: int) -> bytes:
    if request.content_type != _JSON:
        raise MediaTypeWrong(expected=_JSON)
    if request.content_length is None:
        raise WireMalformed(reason_zh="没有 Content-Length", reason_en="there is no Content-Length")
    if request.content_length > limit:
        raise HeartbeatTooLarge(limit=limit)
    request[VISIT].received = request.content_length
    try:
        return await request.read()
    except web.PayloadAccessError as error:
        raise WireMalformed(reason_zh="内容不完整", reason_en="it is incomplete") from error
