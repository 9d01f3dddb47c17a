"""Submissions and receipts: `POST /v1/batches`, `GET /v1/batches/{digest}/receipt`."""

from __future__ import annotations

import re

from aiohttp import BodyPartReader, hdrs, web

from gateway.errors import MediaTypeWrong, TooLarge, WireMalformed
from gateway.server.centre import CENTRE, Centre
from gateway.server.door import PEER
from gateway.server.reception import Admitted, Receipted
from gateway.server.visit import VISIT

CMS = "application/cms"
_MULTIPART = "multipart/form-data"
_WAIT = re.compile(r"(?:^|,)\s*wait=(\d{1,6})\s*(?:,|$)")


async def submit(request: web.Request) -> web.Response:
    """Take a manifest and its key envelope: 201 with the place to upload to, or 200 with the receipt."""
    centre = request.app[CENTRE]
    manifest, keys = await _parts(request, centre)
    answer = await centre.work(centre.reception.admit, manifest, keys, request[PEER])
    if isinstance(answer, Receipted):
        return web.Response(body=answer.receipt, content_type=CMS)
    if answer.offset == answer.size:  # a nil return has no payload; or we stopped right after its last byte
        await centre.uploaded(answer.digest)
    return _created(answer)


async def receipt(request: web.Request) -> web.Response:
    """200 with the receipt; 202 while there is none, after as long a wait as `Prefer: wait=N` (RFC 7240) asks for."""
    centre, digest = request.app[CENTRE], request.match_info["digest"]
    found = await centre.work(centre.reception.receipt, digest, request[PEER])
    if found is None:
        await centre.loader.wait(digest, _patience(request, centre.limits.wait))
        found = await centre.work(centre.reception.receipt, digest, request[PEER])
    if found is None:
        return web.Response(status=202, headers={hdrs.RETRY_AFTER: "1"})
    return web.Response(body=found, content_type=CMS)


def _created(answer: Admitted) -> web.Response:
    place = f"/v1/uploads/{answer.digest}"
    body = {
        "batch": answer.batch,
        "digest": answer.digest,
        "upload": place,
        "offset": answer.offset,
        "size": answer.size,
    }
    return web.json_response(body, status=201, headers={hdrs.LOCATION: place})


def _patience(request: web.Request, most: float) -> float:
    match = _WAIT.search(request.headers.get("Prefer", ""))
    return min(float(match[1]), most) if match else 0.0


async def _parts(request: web.Request, centre: Centre) -> tuple[bytes, bytes]:
    """Exactly one `manifest` and one `keys`, in this order, and nothing else."""
    limits = centre.limits
    if request.content_type != _MULTIPART:
        raise MediaTypeWrong(expected=_MULTIPART)
    if request.content_length is None:
        raise WireMalformed(reason_zh="没有 Content-Length", reason_en="there is no Content-Length")
    if request.content_length > limits.submission:
        raise TooLarge(what_zh="清单与密钥信封", what_en="manifest and keys", limit=limits.submission)
    request[VISIT].received = request.content_length
    try:
        reader = await request.multipart()
        manifest = await _part(await reader.next(), "manifest", limits.manifest)
        keys = await _part(await reader.next(), "keys", limits.keys)
        rest = await reader.next()
    except (ValueError, RuntimeError, AssertionError, web.PayloadAccessError) as error:
        raise _malformed() from error
    if rest is not None:
        raise _malformed()
    return manifest, keys


async def _part(part: object, name: str, limit: int) -> bytes:
    if not isinstance(part, BodyPartReader) or part.name != name:
        raise _malformed()
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > limit:
            raise TooLarge(what_zh=f"{name} 部分", what_en=f"the part {name}", limit=limit)
    return bytes(data)


def _malformed() -> WireMalformed:
    return WireMalformed(
        reason_zh="应恰有 manifest 与 keys 两部分", reason_en="it must have exactly the parts manifest and keys"
    )
