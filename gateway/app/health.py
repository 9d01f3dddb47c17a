"""Health of a node: one signed round trip with each centre it depends on, over the very connections it works with.

A front-end asks the first centre of each of its feeds, a centre asks itself. What passes shows that addresses, TLS,
both certificates and their revocation lists, the centre's signing key and its ledger are well at this moment. Nothing
is written anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from ipaddress import ip_address

from gateway.app.presence import first_centres
from gateway.app.rooms import CentreNode, FrontEnd
from gateway.attestation import Attestation, issue, new_challenge, verify
from gateway.errors import NothingToAsk, YizhanError
from gateway.keys import tls
from gateway.transport import CentreClient, Patience

QUICK = Patience(attempts=1, connect=3.0, answer=8.0)
"""Shorter than a supervisor waits for a health check; it asks again by itself."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one centre answered, or the error that kept it from answering."""

    centre: str
    answer: Attestation | None
    error: YizhanError | None


def attest(node: CentreNode) -> Callable[[str], bytes]:
    """A centre's answers: `attest(node)(challenge)` is signed (DER).

    The answer raises: StoreUnavailable, StoreDamaged: the ledger cannot be read; what `KeyRing.signer` raises.
    """
    signer = cache(node.keys.signer)

    def answer(challenge: str) -> bytes:
        attestation = Attestation(
            centre=node.file.centre,
            challenge=challenge,
            version=version("yizhan"),
            ledger=node.ledger.head().position,
            at=node.clock(),
        )
        return issue(attestation, signer())

    return answer


def check(node: FrontEnd | CentreNode, port: int | None = None) -> Iterator[Check]:
    """Ask each centre this node depends on; one that fails spares no other.

    Args:
        port: where a centre listens, if not where its site file says.

    Raises: NothingToAsk; what reading the site's catalogue raises.
    """
    if isinstance(node, CentreNode):
        yield _checked(node, node.file.centre, lambda: _line_to_itself(node, port))
        return
    centres = first_centres(node.feeds)
    if not centres:
        raise NothingToAsk(department=node.file.department)
    for centre in centres:
        yield _checked(node, centre, lambda centre=centre: node.connect(centre, QUICK))


def _checked(node: FrontEnd | CentreNode, centre: str, connect: Callable[[], CentreClient]) -> Check:
    challenge = new_challenge(os.urandom)
    try:
        with connect() as client:
            data = client.health(challenge)
        answer = verify(data, centre=centre, challenge=challenge, trust=node.keys.trust(), at=node.clock())
    except YizhanError as error:
        return Check(centre=centre, answer=None, error=error)
    return Check(centre=centre, answer=answer, error=None)


def _line_to_itself(node: CentreNode, port: int | None) -> CentreClient:
    listen = node.file.listen
    return CentreClient(
        centre=node.file.centre,
        url=f"https://{_reached(listen.host)}:{listen.port if port is None else port}",
        tls=tls.client_context(node.keys, node.file.centre, node.clock),
        clock=node.clock,
        patience=QUICK,
    )


def _reached(host: str) -> str:
    """How a listener on this machine is reached from it; all addresses (0.0.0.0, ::) are reached at loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "[::1]" if address.version == 6 else "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host
