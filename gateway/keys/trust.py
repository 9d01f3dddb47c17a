"""Whom this site trusts: certificate bytes in, `Identity` or exception out.

`Trust.verify` is the only way from a certificate to an `Identity`. It is pure: the instant is an argument, so what was
valid when it was signed still verifies in the archive, and a revocation counts from its date on.

This module must never read files or the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from gateway.errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    ChainUntrusted,
    KeyUnsuitable,
    PersonMissing,
    PersonRefused,
    SampleAuthorityRefused,
)
from gateway.keys.identity import Identity, Purpose, identity_of, serial_of
from gateway.keys.profile import check_profile
from gateway.keys.revocation import RevocationLists, RevocationPolicy

SAMPLE_UNIT = "YIZHAN SAMPLE - NOT FOR PRODUCTION"
"""The organizational unit in the subject of every throw-away authority (`issuing`)."""

MAX_CERTIFICATE = 16 * 1024
MAX_INTERMEDIATES = 8
MAX_DEPTH = 3


class Stage(StrEnum):
    """Whether the site rehearses. Only a rehearsal may trust the throw-away authority."""

    PRODUCTION = "production"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Trust anchors, the intermediate authorities the site knows, and the revocation lists it holds."""

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    lists: tuple[x509.CertificateRevocationList, ...] = ()
    policy: RevocationPolicy = RevocationPolicy.REQUIRED
    stage: Stage = Stage.PRODUCTION

    def verify(
        self, certificate: bytes, intermediates: Sequence[bytes], purpose: Purpose | str, at: datetime
    ) -> Identity:
        """Decide who `certificate` (DER) speaks for at the instant `at`, or raise.

        Args:
            intermediates: DER certificates the other side sent along; a hint for building the path, never trusted.
            purpose: what the certificate is used for (RFC 5280 6.1, with our profile on top).
            at: aware; now for a live peer, the receipt's instant for an archived batch.

        Raises:
            CertificateMalformed, CertificateNotYetValid, CertificateExpired, ChainUntrusted, SampleAuthorityRefused,
            CertificateRevoked, KeyUsageWrong, KeyUnsuitable, IdentityMissing, PersonRefused, PersonMissing: refused.
            RevocationUnknown: no fresh revocation list; try again once the site holds one.
        """
        purpose = Purpose(purpose)
        leaf = _parse(certificate, purpose)
        # What the certificate says of itself comes first, because the search for a path knows only one undivided no.
        _check_dates(leaf, at)
        identity = identity_of(leaf)
        _check_person(identity, purpose)
        check_profile(leaf, purpose)
        if len(intermediates) > MAX_INTERMEDIATES:
            raise ChainUntrusted(serial=serial_of(leaf))
        chain = self._chain(leaf, [_parse(der, purpose) for der in intermediates], at)
        self._check_stage(chain)
        revocations = RevocationLists(lists=self.lists, policy=self.policy)
        for subject, issuer in pairwise(chain):
            revocations.check(subject, issuer, at)
        return identity

    def _chain(self, leaf: x509.Certificate, given: Sequence[x509.Certificate], at: datetime) -> list[x509.Certificate]:
        """The path from `leaf` to an anchor, both included."""
        if not self.anchors:
            raise ChainUntrusted(serial=serial_of(leaf))
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(list(self.anchors)))
            .time(at)
            .max_chain_depth(MAX_DEPTH)
            .extension_policies(ca_policy=_AUTHORITIES, ee_policy=_END_ENTITIES)
            .build_client_verifier()
        )
        try:
            return verifier.verify(leaf, [*self.intermediates, *given]).chain
        except verification.VerificationError:
            raise ChainUntrusted(serial=serial_of(leaf)) from None

    def _check_stage(self, chain: Sequence[x509.Certificate]) -> None:
        if self.stage is Stage.REHEARSAL:
            return
        for certificate in chain:
            if is_sample(certificate):
                raise SampleAuthorityRefused(serial=serial_of(certificate))


# Authorities follow the Web PKI profile. What an end entity must carry is the business of `profile`, checked there with
# codes of its own; the library only has to find the path.
_AUTHORITIES = verification.ExtensionPolicy.webpki_defaults_ca()
_END_ENTITIES = verification.ExtensionPolicy.permit_all()


def is_sample(certificate: x509.Certificate) -> bool:
    """Whether this is a throw-away authority's certificate, or one issued by it."""
    names = (certificate.subject, certificate.issuer)
    units = (unit for name in names for unit in name.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME))
    return any(unit.value == SAMPLE_UNIT for unit in units)


def _parse(der: bytes, purpose: Purpose) -> x509.Certificate:
    if len(der) > MAX_CERTIFICATE:
        raise CertificateMalformed(purpose=purpose)
    try:
        certificate = x509.load_der_x509_certificate(der)
        # The library parses extensions late: read them here, so that nothing after this line meets a malformed one.
        list(certificate.extensions)
        certificate.public_key()
    except (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise CertificateMalformed(purpose=purpose) from None
    except UnsupportedAlgorithm:  # SM2, until its suite exists
        raise KeyUnsuitable(serial=serial_of(certificate), expected="ECDSA P-256") from None
    if certificate.serial_number <= 0 or not der.endswith(b"\x00" + certificate.signature):
        # RFC 5280 4.1.2.2; and the count of unused bits before the signature: nothing signs it, the library skips it.
        raise CertificateMalformed(purpose=purpose)
    return certificate


def _check_dates(leaf: x509.Certificate, at: datetime) -> None:
    """RFC 5280 4.1.2.5: both ends belong to the validity period."""
    if at < leaf.not_valid_before_utc:
        raise CertificateNotYetValid(serial=serial_of(leaf), since=leaf.not_valid_before_utc.isoformat())
    if at > leaf.not_valid_after_utc:
        raise CertificateExpired(serial=serial_of(leaf), until=leaf.not_valid_after_utc.isoformat())


def _check_person(identity: Identity, purpose: Purpose) -> None:
    """People sign papers, nodes do everything else; neither ever stands in for the other."""
    if identity.person is None and purpose is Purpose.PERSON:
        raise PersonMissing(serial=identity.serial)
    if identity.person is not None and purpose is not Purpose.PERSON:
        raise PersonRefused(serial=identity.serial, purpose=purpose)
