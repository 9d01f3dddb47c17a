"""A JSON body of bounded length, whole or not at all. Must never look inside it."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from gateway.errors import MediaTypeWrong, Refuse, WireMalformed
from gateway.server.visit import VISIT

JSON = "application/json"


async def read_json(request: web.Request, limit: int, too_large: Callable[..., Refuse]) -> bytes:
    """Its bytes.

    Raises:
        MediaTypeWrong, WireMalformed (no Content-Length, or it ended early); too_large: with `limit`.
    """
    if request.content_type != JSON:
        raise MediaTypeWrong(expected=JSON)
    if request.content_length is None:
        raise WireMalformed(reason_zh="没有 Content-Length", reason_en="there is no Content-Length")
    if request.content_length > limit:
        raise too_large(limit=limit)
    request[VISIT].received = request.content_length
    try:
        return await request.read()
    except web.PayloadAccessError as error:
        raise WireMalformed(reason_zh="内容不完整", reason_en="it is incomplete") from error
