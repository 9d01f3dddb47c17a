"""Mutual TLS 1.3: the `ssl.SSLContext` of a front-end and of a centre.

OpenSSL checks the path, the dates and the usage of the other side's certificate during the handshake. Everything else,
revocation included, is `Trust`'s decision, so that a refusal has a code and a stale revocation list is a reason to wait
and not a certificate error: a client looks as soon as the handshake is done and before it sends a byte, a centre looks
before it reads a request (`gateway.server.door`).

A centre is known by its `urn:yizhan:centre:` name. Host names are not compared: addresses on the extranet change, and a
certificate of another centre, or of a department, must be refused whatever its host names say.

This module must never be weakened for a test: no switch here turns a check off.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import IdentityMissing, OwnCertificateRefused, PeerUntrusted, YizhanError
from gateway.keys.identity import Party, Purpose
from gateway.keys.ring import KeyRing


def server_context(ring: KeyRing) -> ssl.SSLContext:
    """A centre's context: TLS 1.3 only, a client certificate is required.

    Raises:
        KeyFileUnreadable, KeyFileExposed, KeyMismatch, KeyUnsuitable: see `KeyRing`.
    """
    context = _context(ring, ssl.PROTOCOL_TLS_SERVER)
    # A resumed session would carry the client's certificate from an earlier day.
    context.num_tickets = 0
    return context


def client_context(ring: KeyRing, centre: str, clock: Callable[[], datetime]) -> ssl.SSLContext:
    """A front-end's context for talking to `centre` and to nobody else.

    A handshake with this context raises PeerUntrusted unless the other side holds a certificate of that centre, valid
    and not revoked at `clock()`. It works through `wrap_socket`, which is what httpx and urllib use.

    Our own certificate is looked at first: an asyncio server that turns a certificate down in the handshake hangs up
    without the TLS alert that would say so (CPython's sslproto drops it), and "hung up" helps no operator.

    Raises:
        OwnCertificateRefused: our own connection certificate is expired, revoked, or not one.
        KeyFileUnreadable, KeyFileExposed, KeyMismatch, KeyUnsuitable: see `KeyRing`.
    """
    _check_ourselves(ring, centre, clock())
    context = _context(ring, ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _socket_class(lambda certificate: _check_centre(ring, centre, certificate, clock()))
    return context


def _context(ring: KeyRing, protocol: ssl._SSLMethod) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    # An anchor need not be self-signed: a county may trust its own issuing authority and nothing above.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    certificate, key = ring.tls_files()
    context.load_cert_chain(certificate, key, password=ring.passphrase or b"")
    for anchor in ring.trust().anchors:
        context.load_verify_locations(cadata=anchor.public_bytes(Encoding.DER))
    return context


def _check_ourselves(ring: KeyRing, centre: str, at: datetime) -> None:
    trust, certificate = ring.trust(), ring.connection_certificate()
    try:
        trust.verify(certificate, (), Purpose.TLS_CLIENT, at)
    except YizhanError as fault:
        raise OwnCertificateRefused(centre=centre, reason=fault.code) from fault


def _check_centre(ring: KeyRing, centre: str, certificate: bytes | None, at: datetime) -> None:
    try:
        identity = ring.trust().verify(certificate or b"", (), Purpose.TLS_SERVER, at)
    except YizhanError as fault:
        raise PeerUntrusted(centre=centre, reason=fault.code) from fault
    if (identity.party, identity.id) != (Party.CENTRE, centre):
        raise PeerUntrusted(centre=centre, reason=IdentityMissing.code)


def _socket_class(check: Callable[[bytes | None], None]) -> type[ssl.SSLSocket]:
    class CheckedSocket(ssl.SSLSocket):
        """A socket whose handshake is done only when `check` has seen the other side's certificate."""

        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            try:
                check(self.getpeercert(binary_form=True))
            except YizhanError:
                self.close()
                raise

    return CheckedSocket
