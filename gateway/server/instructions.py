"""Instructions, as agents fetch and report them: `GET /v1/instructions`, `POST /v1/instructions/{number}/reports`."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from gateway.errors import InstructionsForDepartments, ReportTooLarge, WireMalformed
from gateway.instructions import MAX_DOCUMENT, MAX_KNOWN, encode_given, encode_heard, parse_report
from gateway.keys import Party
from gateway.server.bodies import JSON, read_json
from gateway.server.dispatch import DISPATCH, Open
from gateway.server.door import PEER

NUMBER = "{number:[0-9]{8}-[a-z]{10}}"
MOST_WAIT = 30.0
"""Seconds: the longest a question is held open, by agents and by the office."""
_NUMBER = re.compile(r"[0-9]{8}-[a-z]{10}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)


async def give(request: web.Request) -> web.Response:
    """What is open for this department and not known to it; held open for `wait` seconds while there is nothing."""
    dispatch, department = request.app[DISPATCH], _department(request)
    known, seconds = _known(request), seconds_of(request)
    until = asyncio.get_running_loop().time() + seconds
    given = await dispatch.work(dispatch.book.give, department, known)
    if not given and (rest := until - asyncio.get_running_loop().time()) > 0:
        await dispatch.until(lambda open_now: _is_new(open_now, department, known), rest)
        given = await dispatch.work(dispatch.book.give, department, known)
    if given:
        dispatch.wake()
    return web.Response(body=encode_given(given), content_type=JSON)


async def report(request: web.Request) -> web.Response:
    """How far one of this department's is."""
    dispatch, department = request.app[DISPATCH], _department(request)
    content = await read_json(request, MAX_DOCUMENT, ReportTooLarge)
    said = await dispatch.work(parse_report, content)
    heard = await dispatch.work(dispatch.book.report, department, request.match_info["number"], said)
    dispatch.wake()
    return web.Response(body=encode_heard(heard), content_type=JSON)


def seconds_of(request: web.Request) -> float:
    """`wait=` of the query, at most MOST_WAIT. Raises: WireMalformed."""
    text = request.query.get("wait", "0")
    if not _SECONDS.fullmatch(text):
        raise WireMalformed(reason_zh="wait 不是秒数", reason_en="wait is no count of seconds")
    return min(float(text), MOST_WAIT)


def _is_new(open_now: Open, department: str, known: frozenset[str]) -> bool:
    return any(one.department == department and number not in known for number, one in open_now.items())


def _known(request: web.Request) -> frozenset[str]:
    numbers = [one for one in request.query.get("known", "").split(",") if one]
    if len(numbers) > MAX_KNOWN or not all(map(_NUMBER.fullmatch, numbers)):
        raise WireMalformed(reason_zh="known 应为指令编号", reason_en="known is a list of instructions' numbers")
    return frozenset(numbers)


def _department(request: web.Request) -> str:
    """Whose front-end it is. Raises: InstructionsForDepartments."""
    peer = request[PEER]
    if peer.party is not Party.DEPARTMENT:
        raise InstructionsForDepartments(presented=str(peer))
    return peer.id
