"""A centre to talk to: the real server, TLS and threads over a reception that only keeps files.

The wire's tests run it as a process of its own (`python -m tests.wire.centre DIR`), so that it can be killed. It knows
nothing of envelopes: a manifest here is JSON that says what shall happen to the batch.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.envelope.papers import Papers
from gateway.errors import (
    Conflict,
    HeartbeatNotAwaited,
    NotEntitled,
    OffsetMismatch,
    RefusedAbove,
    SpoolFull,
    UploadUnknown,
)
from gateway.keys import Identity, KeyRing, Stage
from gateway.keys.tls import server_context
from gateway.presence import Report, encode, milliseconds
from gateway.receive import Known
from gateway.server import Limits, make_app, serve

LIMITS = Limits(
    manifest=8 * 1024, keys=4 * 1024, piece=64 * 1024, idle=0.5, wait=5, again=0.2, shutdown=0.5, heartbeat=16 * 1024
)
HEARD_AT = datetime(2026, 12, 1, 8, 0, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Admitted:
    digest: str
    batch: str
    offset: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Receipted:
    receipt: bytes


@dataclass(frozen=True, kw_only=True)
class KeptUpload:
    """An upload in a directory of its own."""

    digest: str
    size: int
    path: Path

    @property
    def offset(self) -> int:
        return self.path.stat().st_size

    def append(self, offset: int, data: bytes | memoryview) -> int:
        if offset != self.offset:
            raise OffsetMismatch(digest=self.digest, offset=self.offset)
        with self.path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return self.offset


class FileReception:
    """Keeps `DIR/inbox/<digest>/{manifest,keys,payload,uploaded,receipt}`."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        inbox.mkdir(exist_ok=True)

    def hear(self, report: Report, peer: Identity, skew: timedelta | None) -> datetime:
        if peer.id == "civil":
            raise HeartbeatNotAwaited(presented=peer)
        (self._inbox.parent / "heard").write_text(json.dumps([encode(report).decode(), milliseconds(skew)]))
        return HEARD_AT

    def admit(
        self, manifest: bytes, keys: bytes, papers: Papers, peer: Identity, skew: timedelta | None
    ) -> Admitted | Receipted:
        facts = json.loads(manifest)
        if str(peer) != f"department:{facts['department']}":
            raise NotEntitled(presented=peer, feed=facts["batch"])
        digest = hashlib.sha256(manifest).hexdigest()
        place = self._inbox / digest
        if (place / "receipt").exists():
            return Receipted(receipt=(place / "receipt").read_bytes())
        if not place.exists():
            place.mkdir()
            (place / "manifest").write_bytes(manifest)
            (place / "keys").write_bytes(keys)
            (place / "payload").touch()
        (place / "skew").write_text(str(milliseconds(skew)))
        upload = self._upload(digest)
        return Admitted(digest=digest, batch=facts["batch"], offset=upload.offset, size=upload.size)

    def upload(self, digest: str, peer: Identity) -> KeptUpload:
        if not (self._inbox / digest).exists() or str(peer) != f"department:{self._facts(digest)['department']}":
            raise UploadUnknown(digest=digest)
        if self._facts(digest).get("fate") == "lost once" and not (self._inbox.parent / digest).exists():
            shutil.rmtree(self._inbox / digest)
            (self._inbox.parent / digest).touch()
            raise UploadUnknown(digest=digest)
        return self._upload(digest)

    def uploaded(self, digest: str) -> None:
        place = self._inbox / digest
        if self._facts(digest).get("fate") == "full once" and not (place / "full").exists():
            (place / "full").touch()
            raise SpoolFull(action_zh="存入", action_en="store it")
        (place / "uploaded").touch()

    def load(self, digest: str) -> None:
        facts, place = self._facts(digest), self._inbox / digest
        time.sleep(facts.get("seconds", 0))
        if facts.get("fate") == "busy once" and not (place / "tried").exists():
            (place / "tried").touch()
            raise SpoolFull(action_zh="存入", action_en="store it")
        if facts.get("fate") == "refused":
            (place / "refused").touch()
            raise Conflict(batch=facts["batch"])
        if facts.get("fate") == "defect":
            raise RuntimeError(facts["words"])
        payload = hashlib.sha256((place / "payload").read_bytes()).hexdigest()
        (place / "receipt").write_bytes(f"receipt {payload}".encode())

    def waiting(self) -> Iterable[str]:
        return [path.parent.name for path in self._inbox.glob("*/uploaded") if not (path.parent / "receipt").exists()]

    def ready(self) -> Sequence[str]:
        return ()

    def receipt(self, digest: str, peer: Identity) -> bytes | None:
        self.upload(digest, peer)
        if (self._inbox / digest / "refused").exists():
            raise Conflict(batch=self._facts(digest)["batch"])
        path = self._inbox / digest / "receipt"
        return path.read_bytes() if path.exists() else None

    def receipts(self, digest: str, peer: Identity) -> Known:
        own = self.receipt(digest, peer)
        if own is None:
            return Known(receipts=(), refused=None)
        refused = RefusedAbove(batch=self._facts(digest)["batch"], centre="hunan", peer_code="YZ-5001")
        return Known(receipts=(own, b"receipt from above"), refused=refused)

    def _facts(self, digest: str) -> dict[str, object]:
        return json.loads((self._inbox / digest / "manifest").read_bytes())

    def _upload(self, digest: str) -> KeptUpload:
        size = int(self._facts(digest)["size"])
        return KeptUpload(digest=digest, size=size, path=self._inbox / digest / "payload")


def main(directory: Path) -> None:
    """Serve from `directory/keys`, log to `directory/log`, write the port to `directory/port`.

    The clock stands at the moment in `directory/moment`, where there is such a file.
    """
    logging.basicConfig(filename=directory / "log", level=logging.INFO, format="%(name)s %(message)s")
    moment = directory / "moment"
    fixed = datetime.fromisoformat(moment.read_text()) if moment.exists() else None
    ring = KeyRing(directory=directory / "keys", stage=Stage.REHEARSAL)
    app = make_app(
        reception=FileReception(directory / "inbox"),
        trust=ring.trust,
        clock=lambda: fixed or datetime.now(UTC),
        limits=LIMITS,
    )

    def ready(port: int) -> None:
        (directory / "port.new").write_text(str(port))
        (directory / "port.new").rename(directory / "port")

    asyncio.run(serve(app, host="127.0.0.1", port=0, tls=server_context(ring), ready=ready))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
