"""Heartbeats of front-ends: `POST /v1/heartbeats`."""

from __future__ import annotations

from aiohttp import web

from gateway.errors import HeartbeatTooLarge
from gateway.presence import milliseconds, parse
from gateway.server.bodies import read_json
from gateway.server.centre import CENTRE
from gateway.server.door import PEER, skew_of_peer


async def hear(request: web.Request) -> web.Response:
    """Take a report and say when it came, and how far the sender's clock is ahead of ours."""
    centre, skew = request.app[CENTRE], skew_of_peer(request)
    content = await read_json(request, centre.limits.heartbeat, HeartbeatTooLarge)
    report = await centre.work(parse, content)
    at = await centre.work(centre.reception.hear, report, request[PEER], skew)
    body = {"department": request[PEER].id, "at": at.isoformat(), "skew_ms": milliseconds(skew)}
    return web.json_response(body)
