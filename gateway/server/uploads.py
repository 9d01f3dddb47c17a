"""The resumable upload, tus 1.0 core protocol: `OPTIONS`, `HEAD` and `PATCH` on `/v1/uploads/{digest}`.

The one truth about an upload is what is on disk: `Upload-Offset` is read from there, a body is written there piece by
piece as it comes, and what arrived before a connection broke counts.
"""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, hdrs, web

from gateway.errors import (
    MediaTypeWrong,
    OffsetMismatch,
    TooLarge,
    TusVersionUnsupported,
    UploadStalled,
    WireMalformed,
)
from gateway.inbox import Upload
from gateway.server.centre import CENTRE, Centre
from gateway.server.door import PEER
from gateway.server.problem import problem
from gateway.server.visit import VISIT, Visit

VERSION = "1.0.0"
BODY = "application/offset+octet-stream"


async def options(request: web.Request) -> web.Response:
    """What of tus we speak: the core protocol. Uploads are created by submitting a manifest."""
    return web.Response(status=204, headers={"Tus-Version": VERSION, "Tus-Resumable": VERSION})


async def head(request: web.Request) -> web.Response:
    """How far the upload is."""
    refusal = _other_version(request)
    if refusal is not None:
        return refusal
    centre = request.app[CENTRE]
    upload = await centre.work(centre.reception.upload, request.match_info["digest"], request[PEER])
    headers = {"Upload-Length": str(upload.size), hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(headers=headers | _progress(await centre.work(lambda: upload.offset)))


async def patch(request: web.Request) -> web.Response:
    """Take the bytes from `Upload-Offset` on."""
    refusal = _other_version(request)
    if refusal is not None:
        return refusal
    centre, digest = request.app[CENTRE], request.match_info["digest"]
    declared = _declared_offset(request)
    with centre.writing(digest):
        upload = await centre.work(centre.reception.upload, digest, request[PEER])
        offset = await centre.work(lambda: upload.offset)
        if declared != offset:
            raise OffsetMismatch(digest=digest, offset=offset)
        _check_fits(request.content_length or 0, upload, offset)
        offset = await _Body(request, centre, upload, offset).store()
        if offset == upload.size:
            await centre.uploaded(digest)
    return web.Response(status=204, headers=_progress(offset))


class _Body:
    """A request's body on its way to the disk."""

    def __init__(self, request: web.Request, centre: Centre, upload: Upload, offset: int) -> None:
        self._stream = request.content
        self._visit: Visit = request[VISIT]
        self._centre = centre
        self._upload = upload
        self._offset = offset
        self._piece = bytearray()

    async def store(self) -> int:
        """Write all of it; the new offset.

        Raises:
            TooLarge: it is longer than the manifest says; what fits was stored, what does not was not.
            UploadStalled: it ended early or stopped coming; what came was stored.
        """
        while data := await self._read():
            self._visit.received += len(data)
            _check_fits(len(data), self._upload, self._offset + len(self._piece))
            self._piece += data
            if len(self._piece) >= self._centre.limits.piece:
                await self._flush()
        await self._flush()
        return self._offset

    async def _read(self) -> bytes:
        idle = self._centre.limits.idle
        try:
            async with asyncio.timeout(idle):
                return await self._stream.readany()
        except (TimeoutError, OSError, ClientPayloadError) as error:
            await self._flush()
            raise UploadStalled(digest=self._upload.digest, seconds=f"{idle:g}") from error

    async def _flush(self) -> None:
        if self._piece:
            piece, self._piece = self._piece, bytearray()
            self._offset = await self._centre.work(self._upload.append, self._offset, piece)


def _check_fits(length: int, upload: Upload, offset: int) -> None:
    if offset + length > upload.size:
        raise TooLarge(what_zh="数据", what_en="the payload", limit=upload.size)


def _declared_offset(request: web.Request) -> int:
    if request.content_type != BODY:
        raise MediaTypeWrong(expected=BODY)
    text = request.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise WireMalformed(reason_zh="Upload-Offset 不是非负整数", reason_en="Upload-Offset is not a count of bytes")
    return int(text)


def _other_version(request: web.Request) -> web.Response | None:
    """tus: a server that does not speak the client's version answers 412 and names its own."""
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    error = TusVersionUnsupported()
    request[VISIT].code = error.code
    response = problem(error)
    response.headers["Tus-Version"] = VERSION
    return response


def _progress(offset: int) -> dict[str, str]:
    return {"Upload-Offset": str(offset)}


async def name_version(request: web.Request, response: web.StreamResponse) -> None:
    """tus: every answer names the version, whatever it says."""
    if request.path.startswith("/v1/uploads/"):
        response.headers["Tus-Resumable"] = VERSION
