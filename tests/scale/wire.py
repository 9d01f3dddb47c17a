"""A line straight to one receiver, to send half an upload or the wrong bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from gateway.demo.county import CENTRE
from gateway.keys import KeyRing, Stage
from gateway.keys.tls import client_context
from tests.scale.batches import Sown
from tests.scale.county import Centre, Receiver

_TUS = {"Tus-Resumable": "1.0.0"}


class Line:
    """One connection, about one batch."""

    def __init__(self, http: httpx.Client, sown: Sown) -> None:
        self._http, self._sown = http, sown

    def submit(self) -> int:
        """The offset to go on from, or the status of another answer."""
        files = {"manifest": self._sown.manifest, "keys": self._sown.entry.keys}
        answer = self._http.post("/v1/batches", files=files)
        return answer.json()["offset"] if answer.status_code == 201 else answer.status_code

    def offset(self) -> int:
        answer = self._http.head(f"/v1/uploads/{self._sown.digest}", headers=_TUS)
        return int(answer.headers["Upload-Offset"])

    def patch(self, offset: int, data: bytes) -> httpx.Response:
        headers = _TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self._http.patch(f"/v1/uploads/{self._sown.digest}", headers=headers, content=data)

    def receipt(self, seconds: int = 20) -> httpx.Response:
        return self._http.get(f"/v1/batches/{self._sown.digest}/receipt", headers={"Prefer": f"wait={seconds}"})


@contextmanager
def line(centre: Centre, receiver: Receiver, sown: Sown) -> Iterator[Line]:
    """With the certificate of the department whose batch it is."""
    ring = KeyRing(directory=centre.front_end(sown.feed) / "keys", stage=Stage.REHEARSAL)
    context = client_context(ring, CENTRE, lambda: datetime.now(UTC))
    address = f"https://127.0.0.1:{receiver.port}"
    with httpx.Client(base_url=address, verify=context, timeout=40, trust_env=False) as http:
        yield Line(http, sown)
