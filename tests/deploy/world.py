"""A centre behind a real nginx that ends TLS: its certificates, its receiver, and who asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.keys import KeyRing, Party, Purpose, Stage
from gateway.keys.issuing import Issued
from tests.peers.edge import Edge, edge
from tests.peers.processes import announced, python
from tests.wire.world import VALID, Answer, World, ask, raw_connection

HEADER = "Yizhan-Client-Certificate"
RECEIPT = f"/v1/batches/{'0' * 64}/receipt"


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The world, the receiver's directory and port, and the nginx before it."""

    world: World
    directory: Path
    port: int
    edge: Edge

    def log(self) -> str:
        return (self.directory / "log").read_text(encoding="utf-8")

    def ring(self, name: str) -> KeyRing:
        return self.world.ring(name)

    @property
    def proxy(self) -> KeyRing:
        """What connects with nginx's own certificate: somebody at the receiver's port who holds its key."""
        return KeyRing(directory=self.world.directory / "edge" / "keys", stage=Stage.REHEARSAL)

    def stored(self, digest: str, file: str) -> bytes:
        return (self.directory / "inbox" / digest / file).read_bytes()


def issue_edge(world: World) -> Issued:
    """nginx's certificate: it speaks as the centre to front-ends, and as its proxy to the receiver."""
    return world.pki.issuing.issue(
        Party.CENTRE, "changning", Purpose.TLS_SERVER, VALID, also=(Purpose.TLS_CLIENT,), hosts=("localhost",)
    )


@contextmanager
def behind(root: Path) -> Iterator[Behind]:
    """A county's centre `changning` behind nginx, departments `finance` and `civil`."""
    world = World(root)
    directory = root / "changning"
    issued = issue_edge(world)
    world.with_connection("edge", issued)
    certificate = root / "edge" / "keys" / "tls.crt"
    (directory / "proxies").mkdir()
    (directory / "proxies" / "edge.crt").write_bytes(certificate.read_bytes())
    with (
        announced(python("tests.deploy.receiver", directory)) as said,
        edge(said["port"], directory / "keys", certificate) as running,
    ):
        yield Behind(world=world, directory=directory, port=said["port"], edge=running)


def escaped(ring: KeyRing) -> str:
    """A connection certificate as nginx hands it on."""
    pem = (ring.directory / "tls.crt").read_text(encoding="ascii")
    return quote(pem[: pem.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n", safe="")


def lists(world: World, issuing: object) -> bytes:
    """Revocation lists of both authorities, as one file."""
    root, _ = world.pki.lists()
    return b"".join(one.public_bytes(Encoding.PEM) for one in (root, issuing))


def asked(ring: KeyRing, port: int, headers: dict[str, str] | None = None) -> Answer:
    """What a request gets that any department may make; 404 where it gets through."""
    with raw_connection(ring, port) as connection:
        return ask(connection, "GET", RECEIPT, headers)
