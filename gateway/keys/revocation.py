"""Certificate revocation lists: which are genuine, whether they are fresh, and from when a certificate was revoked.

All lists of an authority that are held are read, not only the newest: RFC 5280 3.3 lets an authority drop an entry once
the certificate has expired, and an archive is checked years later.

This module must never fetch anything: lists are files in the site's `keys/crls`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from gateway.errors import CertificateRevoked, RevocationUnknown
from gateway.keys.identity import serial_of

# Anything else marked critical changes what the list means (a delta list, a list of some reasons only).
_UNDERSTOOD = (x509.CRLNumber, x509.AuthorityKeyIdentifier)


class RevocationPolicy(StrEnum):
    """What to do about an authority of which no list is held.

    A list that is held but stale, or says "revoked", is never passed over under either policy.
    """

    REQUIRED = "required"
    """Refuse for now (`RevocationUnknown`). The rule for every node in operation."""

    WHEN_HELD = "when_held"
    """Accept. For looking at sealed batches off-line with nothing but the authorities' certificates at hand."""


@dataclass(frozen=True, kw_only=True)
class RevocationLists:
    """The lists held, from any number of authorities."""

    lists: tuple[x509.CertificateRevocationList, ...]
    policy: RevocationPolicy

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Raise unless `certificate` is known not to have been revoked at the instant `at`.

        Raises:
            CertificateRevoked: some genuine list says it was revoked, or its key was lost, at or before `at`.
            RevocationUnknown: no list of `issuer` is held (under REQUIRED), or all that are held ended before `at`.
        """
        genuine = tuple(self._genuine(issuer))
        since = _revoked_since(genuine, certificate.serial_number)
        if since is not None and since <= at:
            raise CertificateRevoked(serial=serial_of(certificate), since=since.isoformat())
        if not genuine and self.policy is RevocationPolicy.WHEN_HELD:
            return
        if not any(item.next_update_utc is not None and at < item.next_update_utc for item in genuine):
            raise _unknown(certificate, genuine)

    def _genuine(self, issuer: x509.Certificate) -> Iterator[x509.CertificateRevocationList]:
        key = issuer.public_key()
        for item in self.lists:
            if item.issuer != issuer.subject or not isinstance(key, CertificateIssuerPublicKeyTypes):
                continue
            if _may_sign_lists(issuer) and _is_complete(item) and item.is_signature_valid(key):
                yield item


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    usages = (e.value for e in issuer.extensions if isinstance(e.value, x509.KeyUsage))
    return all(usage.crl_sign for usage in usages)


def _is_complete(item: x509.CertificateRevocationList) -> bool:
    return all(isinstance(e.value, _UNDERSTOOD) or not e.critical for e in item.extensions)


def _revoked_since(lists: Sequence[x509.CertificateRevocationList], serial: int) -> datetime | None:
    entries = (item.get_revoked_certificate_by_serial_number(serial) for item in lists)
    return min((_since(entry) for entry in entries if entry is not None), default=None)


def _since(entry: x509.RevokedCertificate) -> datetime:
    """The earlier of the day of revocation and the day the key was lost (RFC 5280 5.3.2), if the authority gave it."""
    lost = (e.value.invalidity_date_utc for e in entry.extensions if isinstance(e.value, x509.InvalidityDate))
    return min((entry.revocation_date_utc, *lost))


def _unknown(certificate: x509.Certificate, genuine: Sequence[x509.CertificateRevocationList]) -> RevocationUnknown:
    ended = [item.next_update_utc for item in genuine if item.next_update_utc is not None]
    if not ended:
        zh, en = "没有其签发机构的有效吊销列表", "no genuine revocation list of its authority is held"
    else:
        last = max(ended).isoformat()
        zh, en = f"最新的吊销列表已于 {last} 过期", f"the newest revocation list ended at {last}"
    return RevocationUnknown(serial=serial_of(certificate), reason_zh=zh, reason_en=en)
