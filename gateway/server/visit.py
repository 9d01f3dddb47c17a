"""One request as the access log sees it, and the line it becomes.

A line holds method, path, status, code, party, bytes and seconds. A path is logged only if it is one of ours (what
varies in it are digests and numbers of ours and, on the office interface, a feed and a period): anybody can write
anything into another. Defects are logged by type and place, without the exception's own words, which quote what the
code was given.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
access_log = logging.getLogger("yizhan.access")
defect_log = logging.getLogger("yizhan.server")


@dataclass
class Visit:
    """What is learnt about a request while it is answered: its `party`, bytes `received`, the `code` it ended with."""

    party: str = "-"
    received: int = 0
    code: str = "-"


VISIT = web.RequestKey("visit", Visit)


@web.middleware
async def write_access_line(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: one line for each request, also for those whose connection broke (status `-`)."""
    visit = request[VISIT] = Visit()
    started, status = time.monotonic(), "-"
    try:
        response = await handler(request)
        status = str(response.status)
        return response
    finally:
        seconds = time.monotonic() - started
        line = "%s %s %s code=%s party=%s bytes=%d seconds=%.3f"
        fields = (request.method, _path(request), status, visit.code, visit.party, visit.received, seconds)
        access_log.info(line, *fields)


def _path(request: web.Request) -> str:
    known = request.match_info.route.resource is not None
    return request.path if known else "(unknown)"


class _WithoutWords(logging.Filter):
    """Replaces an exception's text by its type and the places it passed."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            record.exc_text = "".join(traceback.format_tb(trace)) + kind.__qualname__
            record.exc_info = None
        return True


defect_log.addFilter(_WithoutWords())
