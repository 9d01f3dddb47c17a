"""A YizhanError as a problem document (RFC 9457), and the middleware that makes one of everything that goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from gateway.errors import CentreFault, MethodUnknown, PathUnknown, Retry, YizhanError
from gateway.server.visit import VISIT, Handler, defect_log

MEDIA_TYPE = "application/problem+json"
_PRIVATE_EXIT = 2
"""Errors of the centre's own configuration; they name its files, which are nobody else's business."""


@web.middleware
async def answer_with_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Below the access log: every refusal gets a code and a next step."""
    return await _answered(request, handler, _public)


@web.middleware
async def answer_the_office(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The same towards the centre's own office, to which its configuration is no secret."""
    return await _answered(request, handler, lambda error: error)


async def _answered(
    request: web.Request, handler: Handler, told: Callable[[YizhanError], YizhanError]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except YizhanError as error:
        return _answer(request, told(error))
    except web.HTTPNotFound:
        return _answer(request, PathUnknown())
    except web.HTTPMethodNotAllowed as error:
        response = _answer(request, MethodUnknown())
        response.headers["Allow"] = ",".join(sorted(error.allowed_methods))
        return response


def problem(error: YizhanError, status: int | None = None) -> web.Response:
    """The document; `status` where the place knows better than the class."""
    status = status or error.status
    body = {
        "type": f"urn:yizhan:error:{error.code}",
        "title": error.zh.format(**error.facts),
        "status": status,
        "code": error.code,
        "detail": error.en.format(**error.facts),
        "advice_zh": error.zh_next.format(**error.facts),
        "advice_en": error.en_next.format(**error.facts),
    }
    response = web.json_response(body, status=status, content_type=MEDIA_TYPE)
    if isinstance(error, Retry):
        response.headers["Retry-After"] = "5"
    return response


def _answer(request: web.Request, error: YizhanError) -> web.Response:
    request[VISIT].code = error.code
    return problem(error)


def _public(error: YizhanError) -> YizhanError:
    if error.exit_code != _PRIVATE_EXIT:
        return error
    defect_log.error("the centre's own configuration failed: %s %s", error.code, error)
    return CentreFault()
