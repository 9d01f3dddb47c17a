"""Who a certificate speaks for, and what for: the words `Purpose`, `Party`, `Identity`.

An identity is read from one `urn:yizhan:` URI in the certificate's subjectAltName and from nowhere else: subject
names of departmental certificates hold people's names and sometimes their ID numbers, so they are never read, compared
or quoted. This module must never decide whether a certificate is to be trusted; that is `trust`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gateway.errors import IdentityMissing

_ID = r"[a-z0-9][a-z0-9_-]{0,62}"
_URN = re.compile(rf"urn:yizhan:(department|centre):({_ID})(?::person:({_ID}))?")


class Purpose(StrEnum):
    """What a certificate is used for; each purpose has a certificate and a key of its own.

    PERSON is a person's signature on a release, a nil declaration or an order; all others are a node's.
    """

    SIGN = "sign"
    ENCRYPT = "encrypt"
    TLS_CLIENT = "tls_client"
    TLS_SERVER = "tls_server"
    PERSON = "person"


class Party(StrEnum):
    """The two sides of the exchange."""

    DEPARTMENT = "department"
    CENTRE = "centre"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A department or a centre, or a person of it, whose certificate was verified; only `Trust.verify` makes one.

    Attributes:
        party, id: who it is; `id` is the id in the catalogue.
        person: staff number in the catalogue of the person of that party; None: the certificate is a node's.
        serial: the certificate's serial number, lower-case hex.
        fingerprint: SHA-256 of the certificate's DER, lower-case hex.
        not_after: the certificate's last valid instant.
    """

    party: Party
    id: str
    person: str | None = None
    serial: str
    fingerprint: str
    not_after: datetime

    def __str__(self) -> str:
        return f"{self.party}:{self.id}" + (f":person:{self.person}" if self.person else "")


def serial_of(certificate: x509.Certificate) -> str:
    """The serial number as operators see it: lower-case hex without leading zeros."""
    return f"{certificate.serial_number:x}"


def is_id(text: str) -> bool:
    """Whether this may be the id of a department, a centre or a person, and so a part of a file's name."""
    return re.fullmatch(_ID, text) is not None


def urn(party: Party, name: str, person: str | None = None) -> str:
    """The URI that names a party in its certificates, `urn:yizhan:department:finance`, or a person of it."""
    for one in (name, person):
        if one is not None and not is_id(one):
            raise ValueError(f"not an id: {one!r}")
    return f"urn:yizhan:{party}:{name}" + (f":person:{person}" if person else "")


def identity_of(certificate: x509.Certificate) -> Identity:
    """Read who a certificate speaks for, trusted or not.

    Raises:
        IdentityMissing: there is no subjectAltName, or not exactly one well-formed `urn:yizhan:` URI in it.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise IdentityMissing(serial=serial_of(certificate)) from None
    ours = [uri for uri in names.get_values_for_type(x509.UniformResourceIdentifier) if uri.startswith("urn:yizhan:")]
    match = _URN.fullmatch(ours[0]) if len(ours) == 1 else None
    if match is None:
        raise IdentityMissing(serial=serial_of(certificate))
    return Identity(
        party=Party(match[1]),
        id=match[2],
        person=match[3],
        serial=serial_of(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        not_after=certificate.not_valid_after_utc,
    )
