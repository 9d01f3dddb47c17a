"""Reading archives without a trust anchor: signatures are checked against the certificates they carry, no more.

For an auditor who has only the files. What is found says that nothing was changed since it was signed, and by whom the
certificate claims it was; not that the certificate is genuine. It must never be used by a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from gateway.errors import CertificateMalformed
from gateway.keys.identity import identity_of


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """Whom a certificate says it speaks for."""

    party: str
    id: str
    person: str | None

    def __str__(self) -> str:
        return f"{self.party}:{self.id}" + (f":person:{self.person}" if self.person else "")


class Unanchored:
    """Takes every certificate at its word."""

    def verify(self, certificate: bytes, intermediates: Sequence[bytes], purpose: str, at: datetime) -> Claimed:
        """Raises: CertificateMalformed, IdentityMissing."""
        try:
            read = x509.load_der_x509_certificate(certificate)
        except ValueError:
            raise CertificateMalformed(purpose=purpose) from None
        said = identity_of(read)
        return Claimed(party=said.party, id=said.id, person=said.person)
