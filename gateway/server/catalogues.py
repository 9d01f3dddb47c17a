"""The published catalogue, as front-ends ask for it: `GET /v1/catalogue`."""

from __future__ import annotations

import re

from aiohttp import web

from gateway.envelope.catalogue import MAX_VERSION
from gateway.errors import CatalogueForDepartments, WireMalformed
from gateway.keys import Party
from gateway.publication import CatalogueBook, Use
from gateway.server.dispatch import DISPATCH
from gateway.server.door import PEER

CATALOGUES = web.AppKey("catalogues", CatalogueBook)
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_CODE = re.compile(r"YZ-[0-9]{4}", re.ASCII)
_CMS = "application/cms"


async def newest(request: web.Request) -> web.Response:
    """The newest version, where it is later than what the front-end uses or has refused."""
    peer = request[PEER]
    if peer.party is not Party.DEPARTMENT:
        raise CatalogueForDepartments(presented=str(peer))
    use = Use(version=_version(request, "after") or 0, refused=_version(request, "refused"), code=_code(request))
    document = await request.app[DISPATCH].work(request.app[CATALOGUES].newer, peer.id, use)
    if document is None:
        return web.Response(status=204)
    return web.Response(body=document, content_type=_CMS)


def _version(request: web.Request, key: str) -> int | None:
    text = request.query.get(key)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > MAX_VERSION:
        raise WireMalformed(reason_zh=f"{key} 不是目录版本号", reason_en=f"{key} is no version of a catalogue")
    return int(text)


def _code(request: web.Request) -> str | None:
    text = request.query.get("code")
    if text is not None and not _CODE.fullmatch(text):
        raise WireMalformed(reason_zh="code 不是错误码", reason_en="code is no error's code")
    return text
