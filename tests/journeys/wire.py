"""A line to the centre with a department's real certificate, for saying what the product's own client never would."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from gateway.demo.county import CENTRE
from gateway.keys import KeyRing, Stage
from gateway.keys.tls import client_context
from tests.journeys.world import World

_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the centre said; `code` is None unless it is a problem document."""

    status: int
    code: str | None
    body: bytes


class Line:
    """One connection."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def submit(self, manifest: bytes, keys: bytes) -> Answer:
        return self._ask("POST", "/v1/batches", files={"manifest": manifest, "keys": keys})

    def offset(self, manifest: bytes) -> Answer:
        return self._ask("HEAD", f"/v1/uploads/{digest_of(manifest)}", headers=_TUS)

    def upload(self, manifest: bytes, payload: bytes) -> Answer:
        headers = _TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        return self._ask("PATCH", f"/v1/uploads/{digest_of(manifest)}", headers=headers, content=payload)

    def receipt(self, manifest: bytes, seconds: int = 10) -> Answer:
        headers = {"Prefer": f"wait={seconds}"}
        return self._ask("GET", f"/v1/batches/{digest_of(manifest)}/receipt", headers=headers)

    def receipts(self, manifest: bytes) -> Answer:
        return self._ask("GET", f"/v1/batches/{digest_of(manifest)}/receipts")

    def _ask(self, method: str, path: str, **what: object) -> Answer:
        response = self._http.request(method, path, **what)
        is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
        code = response.json()["code"] if is_problem and response.content else None
        return Answer(status=response.status_code, code=code, body=response.content)


@contextmanager
def line(world: World, department: Path) -> Iterator[Line]:
    """A connection with the certificate of this front-end's site."""
    ring = KeyRing(directory=department / "keys", stage=Stage.REHEARSAL)
    context = client_context(ring, CENTRE, lambda: datetime.now(UTC))
    address = f"https://127.0.0.1:{world.port}"
    with httpx.Client(base_url=address, verify=context, timeout=30, trust_env=False) as http:
        yield Line(http)


def digest_of(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()
