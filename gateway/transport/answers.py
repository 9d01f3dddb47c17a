"""A centre's answers: read within bounds, and turned into values or errors.

The text of a problem document is the other side's: it is cut, stripped of control characters, and shown as theirs.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import (
    OwnCertificateRefused,
    PeerAnonymous,
    PeerMalformed,
    PeerRefused,
    PeerUnavailable,
    Retry,
    UploadLost,
    UploadUnknown,
    YizhanError,
)

MAX_ANSWER = 2 * 1024 * 1024
MAX_RECEIPTS = 8
"""More centres than a batch ever passes."""
_MAX_TEXT = 400
_UNAVAILABLE = 500


class Admission(BaseModel):
    """The body of 201: where to upload to, and from where on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    batch: str = Field(max_length=200)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    upload: str = Field(max_length=200)
    offset: int = Field(ge=0)
    size: int = Field(ge=0)


@dataclass(frozen=True, kw_only=True)
class KnownReceipts:
    """Receipts (DER, not verified) that a centre knows; a refusal above it that stands, which nobody has signed."""

    receipts: tuple[bytes, ...]
    refused: Refusal | None


class Refusal(BaseModel):
    """Which centre above the one asked refused a batch, and its code."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    centre: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    code: str = Field(pattern=r"^YZ-\d{4}$")


class Hearing(BaseModel):
    """The body of a heartbeat's 200: whom the centre took us for, when it heard us, and how far our clock is ahead."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    department: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    at: AwareDatetime
    skew_ms: int | None


class _Receipts(BaseModel):
    """The body of `GET /v1/batches/{digest}/receipts`; each receipt in base64 (RFC 4648 4, padded)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    receipts: list[str] = Field(max_length=MAX_RECEIPTS)
    refused: Refusal | None = None


class _Problem(BaseModel):
    """The members of RFC 9457 and ours that we read; others are let be, as the RFC asks."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    code: str = Field(pattern=r"^YZ-\d{4}$")
    title: str = ""
    detail: str = ""
    advice_zh: str = ""
    advice_en: str = ""


def read_body(response: httpx.Response, centre: str, longest: int = MAX_ANSWER) -> bytes:
    """All of a streamed response's body. Raises PeerMalformed beyond `longest` bytes."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > longest:
            raise PeerMalformed(centre=centre, what=f"HTTP {response.status_code}")
    return bytes(body)


def read_admission(body: bytes, centre: str, digest: str) -> Admission:
    """The body of 201, for the batch we sent. Raises PeerMalformed."""
    try:
        admission = Admission.model_validate_json(body)
    except ValidationError:
        raise PeerMalformed(centre=centre, what="HTTP 201") from None
    if admission.digest != digest or admission.upload != f"/v1/uploads/{digest}":
        raise PeerMalformed(centre=centre, what="HTTP 201")
    return admission


def read_hearing(body: bytes, centre: str) -> Hearing:
    """What a centre says to a heartbeat. Raises PeerMalformed."""
    try:
        return Hearing.model_validate_json(body)
    except ValidationError:
        raise PeerMalformed(centre=centre, what="HTTP 200") from None


def read_receipts(body: bytes, centre: str, digest: str) -> KnownReceipts:
    """What is known for the batch we asked about. Raises PeerMalformed."""
    try:
        found = _Receipts.model_validate_json(body)
        receipts = tuple(base64.b64decode(text, validate=True) for text in found.receipts)
    except ValueError:
        raise PeerMalformed(centre=centre, what="HTTP 200") from None
    if found.digest != digest:
        raise PeerMalformed(centre=centre, what="HTTP 200")
    return KnownReceipts(receipts=receipts, refused=found.refused)


def refusal(response: httpx.Response, body: bytes, centre: str) -> YizhanError:
    """The error an answer means that is no success.

    A problem document's code decides: what is a Retry at the centre is one here. Without one, 5xx is the centre (or a
    proxy before it) being out of order, and anything else is not our wire.
    """
    found = _problem(response, body)
    status = response.status_code
    reason = found.code if found else f"HTTP {status}"
    if status == PeerAnonymous.status:
        return OwnCertificateRefused(centre=centre, reason=reason)
    if reason == UploadUnknown.code:
        return UploadLost(centre=centre)
    if status >= _UNAVAILABLE or reason in _retry_codes():
        return _unavailable(centre, reason)
    if found is None:
        return PeerMalformed(centre=centre, what=reason)
    return PeerRefused(
        centre=centre,
        peer_code=found.code,
        peer_zh=_theirs(found.title, found.advice_zh),
        peer_en=_theirs(found.detail, found.advice_en),
    )


def _problem(response: httpx.Response, body: bytes) -> _Problem | None:
    if response.headers.get("content-type", "").partition(";")[0] != "application/problem+json":
        return None
    try:
        content: Any = json.loads(body)
        return _Problem.model_validate(content)
    except (ValueError, RecursionError):
        return None


def _retry_codes() -> frozenset[str]:
    return frozenset(kind.code for kind in Retry.all())


def _unavailable(centre: str, reason: str) -> PeerUnavailable:
    return PeerUnavailable(centre=centre, reason_zh=f"中心答复 {reason}", reason_en=f"it answered {reason}")


def _theirs(*texts: str) -> str:
    joined = " ".join(text for text in texts if text)
    return "".join(char if char.isprintable() else " " for char in joined)[:_MAX_TEXT]
