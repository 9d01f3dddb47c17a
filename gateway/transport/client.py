"""The mTLS client of one centre. One object, one conversation at a time; not for sharing between threads."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import TypeVar

import httpx

from gateway.envelope.catalogue import MAX_PUBLISHED
from gateway.envelope.papers import Papers
from gateway.errors import (
    PayloadChanged,
    PeerMalformed,
    PeerUnavailable,
    ReceiptPending,
    Retry,
    UploadLost,
    YizhanError,
)
from gateway.presence import http_date, skew_of
from gateway.transport.answers import (
    MAX_ANSWER,
    Hearing,
    KnownReceipts,
    read_admission,
    read_body,
    read_hearing,
    read_receipts,
    refusal,
)
from gateway.transport.faults import translated
from gateway.transport.patience import Patience

_TUS = {"Tus-Resumable": "1.0.0"}
_HEADERS = {"User-Agent": "yizhan", "Accept-Encoding": "identity"}
_PIECE = 1024 * 1024
_OK, _CREATED, _ACCEPTED, _NO_CONTENT, _NOT_FOUND = 200, 201, 202, 204, 404
_CMS = "application/cms"
_T = TypeVar("_T")
PATIENCE = Patience()

Progress = Callable[[int, int], None]
"""`progress(offset, size)`: bytes handed to the connection so far; goes back when a connection broke."""


def no_progress(offset: int, size: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The centre waits for the payload of manifest `digest`, from `offset` on."""

    digest: str
    batch: str
    offset: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Receipted:
    """The centre had it already; `receipt` is DER, not verified."""

    receipt: bytes


@dataclass(frozen=True, kw_only=True)
class _Answer:
    response: httpx.Response
    body: bytes


NO_PAPERS = Papers()


class CentreClient:
    """Speaks with one centre.

    Args:
        centre: its id, for messages; that the other side is this centre is checked by `tls`.
        url: `https://host:port`, with a path prefix if a proxy wants one.
        tls: `gateway.keys.tls.client_context(ring, centre, clock)`.
        clock: the node's, aware: what submissions and heartbeats are dated with, and answers are compared to.
        sleep, monotonic: in seconds.
    """

    def __init__(
        self,
        *,
        centre: str,
        url: str,
        tls: SSLContext,
        clock: Callable[[], datetime],
        patience: Patience = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not url.startswith("https://"):
            raise ValueError("a centre's address starts with https://")
        self._centre = centre
        self._clock = clock
        self._skew: timedelta | None = None
        self._patience = patience
        self._sleep = sleep
        self._monotonic = monotonic
        timeout = httpx.Timeout(patience.answer, connect=patience.connect)
        # trust_env off: a proxy named in the environment must never come between us and the centre unseen.
        self._http = httpx.Client(base_url=url, verify=tls, timeout=timeout, trust_env=False, headers=_HEADERS)

    def __enter__(self) -> CentreClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    @property
    def skew(self) -> timedelta | None:
        """How far our clock was ahead of the centre's at its last answer; None: it has not said the time."""
        return self._skew

    def heartbeat(self, report: bytes) -> Hearing:
        """Tell how this node fares (`gateway.presence.encode`), and hear when that came.

        Raises:
            PeerRefused: the report or the department is not awaited there; `peer_code` says which.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        said = {"Content-Type": "application/json"}
        answer = self._patiently(partial(self._post_dated, "/v1/heartbeats", said, content=report))
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return read_hearing(answer.body, self._centre)

    def instructions(self, wait: int, known: Iterable[str] = ()) -> bytes:
        """What the office has this department do that has not ended (`gateway.instructions.handing`), unverified.

        One try: whoever asks again and again has a patience of its own.

        Args:
            wait: seconds for which the centre may hold an empty answer back.
            known: numbers that this front-end has and need not be given.

        Raises:
            PeerRefused, PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        answer = self._ask("GET", "/v1/instructions", params={"wait": wait, "known": ",".join(known)})
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return answer.body

    def report(self, number: str, report: bytes) -> bytes:
        """Tell how far an instruction is (`gateway.instructions.report`); what the centre answers, unverified.

        Raises:
            PeerRefused: there is none of this number for this department, or the report is none.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        said = {"Content-Type": "application/json"}
        answer = self._patiently(partial(self._post_dated, f"/v1/instructions/{number}/reports", said, content=report))
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return answer.body

    def catalogue(self, version: int, refused: int | None = None, code: str | None = None) -> bytes | None:
        """The newest version of the centre's catalogue (`gateway.envelope.catalogue`), unverified; None: none is newer.

        Args:
            version: in force here, 0: its own. refused, code: the one that was refused here, and why.

        Raises:
            PeerRefused, PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        said = {"after": version} | ({"refused": refused, "code": code} if refused is not None else {})
        ask = partial(self._ask, "GET", "/v1/catalogue", longest=MAX_PUBLISHED, params=said)
        answer = self._patiently(ask)
        if answer.response.status_code == _NO_CONTENT:
            return None
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return self._signed_in(answer)

    def health(self, challenge: str) -> bytes:
        """Ask the centre for its signed answer to `challenge` (64 hex digits); DER, not verified.

        Raises:
            PeerRefused: the centre answers no health check, or not to us; `peer_code` says why.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        answer = self._patiently(partial(self._ask, "GET", "/v1/health", params={"challenge": challenge}))
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return self._signed_in(answer)

    def deliver(
        self,
        manifest: bytes,
        keys: bytes,
        payload: Path,
        progress: Progress = no_progress,
        *,
        papers: Papers = NO_PAPERS,
    ) -> bytes:
        """Submit, upload what the centre does not have yet, wait for the receipt (DER, not verified).

        Doing it again is safe at any point. Raises: as `submit`, `upload` and `receipt`.
        """
        pauses = self._patience.pauses()
        while True:
            answer = self.submit(manifest, keys, papers)
            if isinstance(answer, Receipted):
                return answer.receipt
            try:
                self.upload(answer, payload, progress)
                return self.receipt(answer.digest)
            except UploadLost as fault:
                self._pause(pauses, fault)

    def submit(self, manifest: bytes, keys: bytes, papers: Papers = NO_PAPERS) -> Opened | Receipted:
        """Offer a sealed batch, with the papers that go with it.

        Raises:
            PeerRefused: the centre does not want it; `peer_code` says why.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: try again later.
        """
        digest = hashlib.sha256(manifest).hexdigest()
        files = {"manifest": ("manifest.p7s", manifest, _CMS), "keys": ("keys.p7m", keys, _CMS)}
        files |= {name: (f"{name}.p7s", paper, _CMS) for name, paper in papers.files()}
        answer = self._patiently(partial(self._post_dated, "/v1/batches", {}, files=files))
        if answer.response.status_code == _OK:
            return Receipted(receipt=self._signed_in(answer))
        if answer.response.status_code != _CREATED:
            raise self._unexpected(answer)
        found = read_admission(answer.body, self._centre, digest)
        return Opened(digest=digest, batch=found.batch, offset=found.offset, size=found.size)

    def upload(self, opened: Opened, payload: Path, progress: Progress = no_progress) -> None:
        """Send the payload from where the centre has it; resume when the connection breaks.

        Raises:
            PayloadChanged: the file has not the size the manifest declares; nothing is sent.
            UploadLost: the centre forgot the upload; submit again.
            PeerRefused, PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        found = _size(payload)
        if found != opened.size:
            raise PayloadChanged(digest=opened.digest, declared=opened.size, found=found)
        best, pauses = opened.offset, self._patience.pauses()
        known: int | None = opened.offset
        while known is None or known < opened.size:
            try:
                offset = self._offset(opened) if known is None else known
                if offset > best:
                    best, pauses = offset, self._patience.pauses()
                known = self._send(opened, payload, offset, progress)
            except PeerUnavailable as fault:
                known = None
                self._pause(pauses, fault)

    def receipt(self, digest: str) -> bytes:
        """Wait for the receipt (DER, not verified).

        Raises:
            ReceiptPending: none yet; ask again in the next run.
            UploadLost: the centre knows of no such batch; submit again.
            PeerRefused: the batch was refused when it was unsealed or loaded; `peer_code` says why.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        until = self._monotonic() + self._patience.receipt
        while True:
            hold = min(self._patience.hold, max(0, int(until - self._monotonic())))
            answer = self._patiently(partial(self._ask_receipt, digest, hold))
            if answer.response.status_code == _OK:
                return self._signed_in(answer)
            if answer.response.status_code != _ACCEPTED:
                raise self._unexpected(answer)
            if self._monotonic() >= until:
                raise ReceiptPending(centre=self._centre, digest=digest)
            self._sleep(_retry_after(answer.response))

    def receipts(self, digest: str) -> KnownReceipts:
        """All receipts (DER, not verified) of a batch that the centre knows: its own, and those of centres above it.

        And which of those refused it, if one did.

        Raises:
            UploadLost: the centre knows of no such batch.
            PeerRefused: the batch was refused, there or above; `peer_code` says why.
            PeerUnavailable, PeerUntrusted, OwnCertificateRefused, PeerMalformed: as `submit`.
        """
        answer = self._patiently(partial(self._ask, "GET", f"/v1/batches/{digest}/receipts"))
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return read_receipts(answer.body, self._centre, digest)

    def _ask_receipt(self, digest: str, hold: int) -> _Answer:
        return self._ask("GET", f"/v1/batches/{digest}/receipt", headers={"Prefer": f"wait={hold}"})

    def _offset(self, opened: Opened) -> int:
        answer = self._ask("HEAD", f"/v1/uploads/{opened.digest}", headers=_TUS)
        if answer.response.status_code == _NOT_FOUND:
            raise UploadLost(centre=self._centre)
        if answer.response.status_code != _OK:
            raise self._unexpected(answer)
        return self._upload_offset(answer, opened)

    def _send(self, opened: Opened, payload: Path, offset: int, progress: Progress) -> int:
        """Send the rest; when there is none, an empty body asks the centre to take up what it has."""
        headers = _TUS | {
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(opened.size - offset),
            "Upload-Offset": str(offset),
        }
        body = _pieces(payload, offset, opened.size, progress)
        answer = self._ask("PATCH", f"/v1/uploads/{opened.digest}", headers=headers, content=body)
        if answer.response.status_code != _NO_CONTENT:
            raise self._unexpected(answer)
        return self._upload_offset(answer, opened)

    def _upload_offset(self, answer: _Answer, opened: Opened) -> int:
        text = answer.response.headers.get("Upload-Offset", "")
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= opened.size):
            raise PeerMalformed(centre=self._centre, what="Upload-Offset")
        return int(text)

    def _signed_in(self, answer: _Answer) -> bytes:
        if answer.response.headers.get("Content-Type") != _CMS:
            raise PeerMalformed(centre=self._centre, what="HTTP 200")
        return answer.body

    def _unexpected(self, answer: _Answer) -> YizhanError:
        return refusal(answer.response, answer.body, self._centre)

    def _ask(self, method: str, path: str, *, longest: int = MAX_ANSWER, **what: object) -> _Answer:
        """One request and its whole answer; an answer asking for patience is a PeerUnavailable like a broken line."""
        with translated(self._centre), self._http.stream(method, path, **what) as response:
            ahead = skew_of(response.headers.get("Date"), self._clock())
            self._skew = None if ahead is None else -ahead
            answer = _Answer(response=response, body=read_body(response, self._centre, longest))
        if not response.is_success and isinstance(fault := self._unexpected(answer), PeerUnavailable):
            raise fault
        return answer

    def _post_dated(self, path: str, headers: Mapping[str, str], **what: object) -> _Answer:
        """A request that says when it was made (RFC 9110 6.6.1), anew at each try."""
        return self._ask("POST", path, headers={"Date": http_date(self._clock()), **headers}, **what)

    def _patiently(self, action: Callable[[], _T]) -> _T:
        pauses = self._patience.pauses()
        while True:
            try:
                return action()
            except PeerUnavailable as fault:
                self._pause(pauses, fault)

    def _pause(self, pauses: Iterator[float], fault: Retry) -> None:
        """Sleep before the next try; raise `fault` once patience is at its end."""
        pause = next(pauses, None)
        if pause is None:
            raise fault
        self._sleep(pause)


def _size(payload: Path) -> int:
    try:
        return payload.stat().st_size
    except FileNotFoundError:
        return 0


def _pieces(payload: Path, offset: int, size: int, progress: Progress) -> Iterator[bytes]:
    with payload.open("rb") as file:
        file.seek(offset)
        while offset < size and (piece := file.read(min(_PIECE, size - offset))):
            yield piece
            offset += len(piece)
            progress(offset, size)


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), 60.0) if text.isascii() and text.isdigit() and len(text) < 6 else 1.0
