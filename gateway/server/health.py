"""Health: `GET /v1/health?challenge=…`, answered by the centre's signature; see `gateway.attestation`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from gateway.attestation import is_challenge
from gateway.errors import WireMalformed
from gateway.server.batches import CMS
from gateway.server.centre import CENTRE

Attest = Callable[[str], bytes]
"""`attest(challenge)`: the signed answer (DER); it reads the ledger, so a Retry is what a centre in trouble says."""


def make_health(attest: Attest) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler."""

    async def health(request: web.Request) -> web.Response:
        challenge = request.query.get("challenge", "")
        if not is_challenge(challenge):
            raise WireMalformed(reason_zh="challenge 应为 64 位十六进制", reason_en="challenge must be 64 hex digits")
        answer = await request.app[CENTRE].work(attest, challenge)
        return web.Response(body=answer, content_type=CMS, headers={hdrs.CACHE_CONTROL: "no-store"})

    return health
