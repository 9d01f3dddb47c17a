"""What the envelope needs of the keys room, as small protocols, so that this room imports nobody.

`gateway.keys` satisfies them; so does a hardware module's wrapper. This module must never hold a key itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Identity(Protocol):
    """Who a certificate speaks for, once it has been verified."""

    @property
    def party(self) -> str:
        """`"department"` or `"centre"`."""

    @property
    def id(self) -> str:
        """The department's or centre's id in the catalogue."""

    @property
    def person(self) -> str | None:
        """Staff number of the person of that party who signs; None: the party itself."""


class Trust(Protocol):
    """Decides whether a certificate may be relied on, and for whom."""

    def verify(self, certificate: bytes, intermediates: Sequence[bytes], purpose: str, at: datetime) -> Identity:
        """Verify a DER certificate for a purpose (`"sign"` or `"person"`) at an instant. Raises: YZ-5xxx."""


class Signer(Protocol):
    """Somebody who signs manifests, key envelopes, receipts or papers: a P-256 key and its certificate."""

    @property
    def certificate(self) -> bytes:
        """DER. It must carry a subjectKeyIdentifier."""

    @property
    def intermediates(self) -> tuple[bytes, ...]:
        """DER certificates between `certificate` and the trust anchor, nearest first, the anchor left out."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`: the DER `Ecdsa-Sig-Value` of RFC 3279 2.2.3."""


class Decryptor(Protocol):
    """A centre's encryption key and its certificate."""

    @property
    def certificate(self) -> bytes:
        """DER. Its subjectKeyIdentifier finds our entry in the key envelope."""

    def exchange(self, point: bytes) -> bytes:
        """ECDH on P-256 with an uncompressed SEC 1 point (65 bytes): the 32-byte x coordinate of the shared point.

        Raises:
            ValueError: the point is not on the curve.
        """
