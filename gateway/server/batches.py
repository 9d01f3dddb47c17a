"""Submissions and receipts: `POST /v1/batches`, `GET /v1/batches/{digest}/receipt` and `…/receipts`."""

from __future__ import annotations

import asyncio
import base64
import re

from aiohttp import BodyPartReader, MultipartReader, hdrs, web

from gateway.envelope.papers import Papers
from gateway.envelope.papers.bundle import PAPERS
from gateway.errors import MediaTypeWrong, TooLarge, WireMalformed
from gateway.server.centre import CENTRE, Centre
from gateway.server.door import PEER, skew_of_peer
from gateway.server.reception import Admitted, Receipted
from gateway.server.visit import VISIT

CMS = "application/cms"
_MULTIPART = "multipart/form-data"
_WAIT = re.compile(r"(?:^|,)\s*wait=(\d{1,6})\s*(?:,|$)")


async def submit(request: web.Request) -> web.Response:
    """Take a manifest and its key envelope: 201 with the place to upload to, or 200 with the receipt."""
    centre = request.app[CENTRE]
    manifest, keys, papers = await _parts(request, centre)
    answer = await centre.work(centre.reception.admit, manifest, keys, papers, request[PEER], skew_of_peer(request))
    if isinstance(answer, Receipted):
        return web.Response(body=answer.receipt, content_type=CMS)
    if answer.offset == answer.size:  # a nil return has no payload; or we stopped right after its last byte
        await centre.uploaded(answer.digest)
    return _created(answer)


async def receipt(request: web.Request) -> web.Response:
    """200 with the receipt; 202 while there is none, after as long a wait as `Prefer: wait=N` (RFC 7240) asks for."""
    centre, digest = request.app[CENTRE], request.match_info["digest"]
    clock = asyncio.get_running_loop().time
    until = clock() + _patience(request, centre.limits.wait)
    found = await centre.work(centre.reception.receipt, digest, request[PEER])
    while found is None and (rest := until - clock()) > 0:
        await centre.loader.wait(digest, min(rest, centre.limits.glance))
        found = await centre.work(centre.reception.receipt, digest, request[PEER])
    if found is None:
        return web.Response(status=202, headers={hdrs.RETRY_AFTER: "1"})
    return web.Response(body=found, content_type=CMS)


async def receipts(request: web.Request) -> web.Response:
    """200 with every receipt of a batch that is known here: our own, and those of the centres above; perhaps none.

    And which of these refused it, if that is the last word from there. Somebody misses a receipt: what can be done here
    to get it is done now, for whoever asks next.
    """
    centre, digest = request.app[CENTRE], request.match_info["digest"]
    found = await centre.work(centre.reception.receipts, digest, request[PEER])
    centre.look_upward()
    body: dict[str, object] = {"receipts": [base64.b64encode(one).decode() for one in found.receipts]}
    if found.refused is not None:
        body["refused"] = {"centre": found.refused.facts["centre"], "code": found.refused.facts["peer_code"]}
    return web.json_response({"digest": digest} | body)


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


async def _parts(request: web.Request, centre: Centre) -> tuple[bytes, bytes, Papers]:
    """One `manifest`, one `keys`, then the papers that go with them, in this order, and nothing else."""
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
        papers = await _papers(reader, limits.paper)
    except (ValueError, RuntimeError, AssertionError, web.PayloadAccessError) as error:
        raise _malformed() from error
    return manifest, keys, papers


async def _papers(reader: MultipartReader, limit: int) -> Papers:
    found: list[tuple[str, bytes]] = []
    missing = list(PAPERS)
    while (part := await reader.next()) is not None:
        name = getattr(part, "name", None)
        if name not in missing:
            raise _malformed()
        del missing[: missing.index(name) + 1]
        found.append((name, await _part(part, name, limit)))
    return Papers.of(found)


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
        reason_zh="应依次为 manifest、keys 两部分及其后的签署文书",
        reason_en="it must have the parts manifest and keys, then the papers that go with them",
    )
