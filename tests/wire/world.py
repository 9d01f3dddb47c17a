"""What the wire's tests are made of: a PKI, a centre as a process, departments, and a line that can be cut."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.keys import KeyRing, Party, Purpose, Stage
from gateway.keys.issuing import Issued, Pki, Validity
from gateway.keys.tls import client_context
from gateway.transport import CentreClient, Patience

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
VALID = Validity(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
PAST = Validity(start=NOW - timedelta(days=9), end=NOW - timedelta(days=2))
QUICK = Patience(attempts=3, first=0.01, most=0.05, connect=2, answer=5, receipt=4, hold=1)


@dataclass
class World:
    """One PKI, one centre `changning`, departments `finance` and `civil`."""

    directory: Path
    pki: Pki = field(default_factory=lambda: Pki.found(VALID))

    def __post_init__(self) -> None:
        encrypt = self.pki.write_centre(self.directory / "changning" / "keys", "changning")
        for name in ("finance", "civil"):
            self.pki.write_department(self.directory / name / "keys", name, {"changning": encrypt})

    def ring(self, name: str) -> KeyRing:
        return KeyRing(directory=self.directory / name / "keys", stage=Stage.REHEARSAL)

    def with_connection(self, name: str, issued: Issued) -> KeyRing:
        """A front-end that trusts what the others trust and connects with `issued`."""
        keys = self.directory / name / "keys"
        self.pki.write_trust(keys)
        issued.write(keys, "tls")
        return KeyRing(directory=keys, stage=Stage.REHEARSAL)

    def department(self, purpose: Purpose, validity: Validity = VALID) -> Issued:
        return self.pki.issuing.issue(Party.DEPARTMENT, "finance", purpose, validity)

    def publish(self, node: str, revoked: dict[int, datetime], validity: Validity = VALID) -> None:
        """Put a new revocation list of the issuing authority in place at `node`."""
        place = self.directory / node / "keys" / "crls" / "issuing.crl"
        fresh = self.pki.issuing.revocations(validity, revoked)
        place.with_suffix(".new").write_bytes(fresh.public_bytes(Encoding.PEM))
        place.with_suffix(".new").rename(place)


class CentreProcess:
    """`tests/wire/centre.py` over `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.start()

    def start(self) -> None:
        (self.directory / "port").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.wire.centre", str(self.directory)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until = time.monotonic() + 20
        while not (self.directory / "port").exists():
            assert self.process.poll() is None and time.monotonic() < until, "the centre did not start"
            time.sleep(0.01)
        self.port = int((self.directory / "port").read_text())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def stored(self, digest: str, file: str = "payload") -> bytes:
        return (self.directory / "inbox" / digest / file).read_bytes()

    def log(self) -> str:
        return (self.directory / "log").read_text()


@dataclass(frozen=True)
class Batch:
    """A manifest our test centre understands, and its payload."""

    manifest: bytes
    payload: Path

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def content(self) -> bytes:
        return self.payload.read_bytes()

    @property
    def receipt(self) -> bytes:
        return f"receipt {hashlib.sha256(self.content).hexdigest()}".encode()


def make_batch(directory: Path, size: int, **facts: object) -> Batch:
    """A batch of `size` random bytes, like no other."""
    payload = directory / f"payload-{os.urandom(8).hex()}"
    payload.write_bytes(os.urandom(size))
    manifest = {"batch": payload.name, "department": "finance", "size": size} | facts
    return Batch(json.dumps(manifest).encode(), payload)


def now() -> datetime:
    """The clock of both sides, unless a test sets one wrong."""
    return datetime.now(UTC)


def make_client(
    ring: KeyRing,
    port: int,
    centre: str = "changning",
    patience: Patience = QUICK,
    clock: Callable[[], datetime] = now,
) -> CentreClient:
    """Our client, towards a port of this machine."""
    tls = client_context(ring, centre, now)
    return CentreClient(centre=centre, url=f"https://127.0.0.1:{port}", tls=tls, clock=clock, patience=patience)


def raw_context(ring: KeyRing) -> ssl.SSLContext:
    """A plain TLS context with the ring's certificate, to say what our client never would."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(ring.directory / "anchors" / "root.crt")
    context.load_cert_chain(*ring.tls_files())
    return context


@dataclass(frozen=True)
class Answer:
    """A raw answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return json.loads(self.body)["code"]


@contextmanager
def raw_connection(ring: KeyRing, port: int) -> Iterator[http.client.HTTPSConnection]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=raw_context(ring), timeout=15)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPSConnection,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | Iterator[bytes] | None = None,
) -> Answer:
    connection.request(method, path, body=body, headers=headers or {})
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def wait_until(holds: Callable[[], bool]) -> None:
    """Within five seconds."""
    until = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.01)


def subject_serial(ring: KeyRing) -> int:
    return x509.load_pem_x509_certificate((ring.directory / "tls.crt").read_bytes()).serial_number


class CuttingLine:
    """A TCP line to `port` that breaks after so many bytes towards the centre, once for each entry of `cuts`."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target = port
        self._cuts = list(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.broken = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                allowed = self._cuts.pop(0) if self._cuts else None
                threading.Thread(target=self._pump, args=(far, near, None), daemon=True).start()
                threading.Thread(target=self._pump, args=(near, far, allowed), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, allowed: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(16384 if allowed is None else min(16384, allowed)):
                sink.sendall(data)
                if allowed is not None:
                    allowed -= len(data)
                    if allowed == 0:
                        self.broken += 1
                        break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
