"""A throw-away PKI: root, issuing authority, certificates for departments and centres, revocation lists.

For rehearsals, tests and `certs/sample` only: every authority made here carries `SAMPLE_UNIT` in its subject, and
`Trust` refuses it outside a rehearsal. Private keys are written once, as files only this user can read.

This module must never issue anything without that mark.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.keys.identity import Party, Purpose, urn
from gateway.keys.private import write_private
from gateway.keys.trust import SAMPLE_UNIT

_EXTENDED = {
    Purpose.SIGN: ExtendedKeyUsageOID.EMAIL_PROTECTION,  # what `openssl cms -verify` asks of a signer
    Purpose.ENCRYPT: ExtendedKeyUsageOID.EMAIL_PROTECTION,
    Purpose.TLS_CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH,
    Purpose.TLS_SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
    Purpose.PERSON: ExtendedKeyUsageOID.EMAIL_PROTECTION,
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Validity:
    """Aware instants; both belong to the validity (RFC 5280 4.1.2.5)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate, its private key, and the authorities above it but the root, nearest first."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes = field(repr=False)
    chain: tuple[x509.Certificate, ...]

    def write(self, directory: Path, stem: str) -> None:
        """Write `<stem>.crt` (PEM: the certificate, then its chain) and `<stem>.key` (PKCS#8 PEM, mode 0600)."""
        write_certificates(directory / f"{stem}.crt", (self.certificate, *self.chain))
        write_private(
            directory / f"{stem}.key", self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )


@dataclass(frozen=True, kw_only=True)
class Authority:
    """One authority: its certificate, its key, and the authorities above it but the root."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def root(cls, title: str, validity: Validity) -> Authority:
        """A self-signed root."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _authority(title, key, validity, path_length=1).issuer_name(_authority_name(title))
        certificate = _add_key_ids(builder, key.public_key(), key.public_key()).sign(key, hashes.SHA256())
        return cls(certificate=certificate, chain=(), key=key)

    def subordinate(self, title: str, validity: Validity) -> Authority:
        """An issuing authority below this one."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(_authority(title, key, validity, path_length=0), key)
        return Authority(certificate=certificate, chain=(certificate, *self.chain), key=key)

    def issue(
        self,
        party: Party,
        name: str,
        purpose: Purpose,
        validity: Validity,
        *,
        also: Iterable[Purpose] = (),
        hosts: Iterable[str] = (),
        key: CertificateIssuerPrivateKeyTypes | None = None,
    ) -> Issued:
        """A certificate that speaks for `party` `name` (its id in the catalogue), for one purpose.

        Args:
            also: what else it may be used for; a centre connects upward with the certificate it listens with.
            hosts: DNS names and IP addresses to add, for people with a browser; our own client goes by the URI.
            key: certify this key instead of a new P-256 one (for deliberately bad samples).
        """
        names = x509.SubjectAlternativeName([_uri(urn(party, name)), *map(_host, hosts)])
        usages = (purpose, *also)
        return self._issue(f"{name} {purpose}", names, usages, validity, key or ec.generate_private_key(ec.SECP256R1()))

    def issue_person(self, party: Party, name: str, person: str, validity: Validity) -> Issued:
        """A certificate with which the person with staff number `person` of `party` `name` signs papers."""
        names = x509.SubjectAlternativeName([_uri(urn(party, name, person))])
        key = ec.generate_private_key(ec.SECP256R1())
        return self._issue(f"{name} {person}", names, (Purpose.PERSON,), validity, key)

    def _issue(
        self,
        title: str,
        names: x509.SubjectAlternativeName,
        usages: tuple[Purpose, ...],
        validity: Validity,
        key: CertificateIssuerPrivateKeyTypes,
    ) -> Issued:
        builder = (
            _builder(_name(title), key, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(usages[0]), critical=True)
            .add_extension(x509.ExtendedKeyUsage([_EXTENDED[usage] for usage in usages]), critical=False)
            .add_extension(names, critical=False)
        )
        return Issued(certificate=self.sign(builder, key), key=key, chain=self.chain)

    def sign(self, builder: x509.CertificateBuilder, key: CertificateIssuerPrivateKeyTypes) -> x509.Certificate:
        """Finish `builder` for the owner of `key`: issuer, key identifiers, signature."""
        builder = builder.issuer_name(self.certificate.subject)
        return _add_key_ids(builder, key.public_key(), self.key.public_key()).sign(self.key, hashes.SHA256())

    def revocations(
        self, validity: Validity, revoked: Mapping[int, datetime] | None = None, number: int = 1
    ) -> x509.CertificateRevocationList:
        """The list in force from `validity.start` until `validity.end`; `revoked` maps serial numbers to instants."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(validity.start)
            .next_update(validity.end)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(identifier, critical=False)
        )
        for serial, since in (revoked or {}).items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256())


@dataclass(frozen=True, kw_only=True)
class Pki:
    """A root and its issuing authority, and how a site's `keys/` directory is filled from them."""

    root: Authority
    issuing: Authority
    validity: Validity

    @classmethod
    def found(cls, validity: Validity, title: str = "Yizhan Sample") -> Pki:
        """A new PKI, all of it valid for `validity`."""
        root = Authority.root(f"{title} Root", validity)
        return cls(root=root, issuing=root.subordinate(f"{title} Issuing", validity), validity=validity)

    def department(self, name: str, purpose: Purpose) -> Issued:
        """A department's certificate: SIGN or TLS_CLIENT."""
        return self.issuing.issue(Party.DEPARTMENT, name, purpose, self.validity)

    def centre(self, name: str, purpose: Purpose, hosts: Iterable[str] = LOOPBACK) -> Issued:
        """A centre's certificate: SIGN, ENCRYPT or TLS_SERVER, with which it also connects to the centre above."""
        if purpose is not Purpose.TLS_SERVER:
            return self.issuing.issue(Party.CENTRE, name, purpose, self.validity)
        return self.issuing.issue(Party.CENTRE, name, purpose, self.validity, also=(Purpose.TLS_CLIENT,), hosts=hosts)

    def person(self, party: Party, name: str, person: str) -> Issued:
        """A person's certificate."""
        return self.issuing.issue_person(party, name, person, self.validity)

    def lists(self, revoked: Mapping[int, datetime] | None = None) -> tuple[x509.CertificateRevocationList, ...]:
        """One list of each authority; `revoked` are serial numbers of the issuing authority."""
        return self.root.revocations(self.validity), self.issuing.revocations(self.validity, revoked)

    def write_trust(self, keys: Path) -> None:
        """Fill `keys/anchors`, `keys/intermediates` and `keys/crls`."""
        for directory in ("anchors", "intermediates", "crls"):
            (keys / directory).mkdir(parents=True, exist_ok=True)
        write_certificates(keys / "anchors" / "root.crt", (self.root.certificate,))
        write_certificates(keys / "intermediates" / "issuing.crt", (self.issuing.certificate,))
        for stem, item in zip(("root", "issuing"), self.lists(), strict=True):
            (keys / "crls" / f"{stem}.crl").write_bytes(item.public_bytes(Encoding.PEM))

    def write_department(self, keys: Path, name: str, centres: Mapping[str, x509.Certificate]) -> None:
        """Fill a front-end's `keys/`; `centres` maps each centre of its routes to its encryption certificate."""
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.write_trust(keys)
        self.department(name, Purpose.SIGN).write(keys, "sign")
        self.department(name, Purpose.TLS_CLIENT).write(keys, "tls")
        (keys / "recipients").mkdir(exist_ok=True)
        for centre, certificate in centres.items():
            write_certificates(keys / "recipients" / f"{centre}.crt", (certificate,))

    def write_centre(self, keys: Path, name: str, hosts: Iterable[str] = LOOPBACK) -> x509.Certificate:
        """Fill a centre's `keys/`; answers with its encryption certificate, for the front-ends' `recipients`."""
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.write_trust(keys)
        self.centre(name, Purpose.SIGN).write(keys, "sign")
        self.centre(name, Purpose.TLS_SERVER, hosts).write(keys, "tls")
        encrypt = self.centre(name, Purpose.ENCRYPT)
        encrypt.write(keys, "encrypt")
        return encrypt.certificate

    def write_persons(self, keys: Path, party: Party, name: str, persons: Iterable[str]) -> None:
        """Fill `keys/persons` of a node where people sign."""
        (keys / "persons").mkdir(mode=0o700, exist_ok=True)
        for person in persons:
            self.person(party, name, person).write(keys / "persons", person)


def write_certificates(path: Path, certificates: Iterable[x509.Certificate]) -> None:
    """Write certificates as one PEM file."""
    path.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))


def _authority(
    title: str, key: ec.EllipticCurvePrivateKey, validity: Validity, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        _builder(_authority_name(title), key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
    )


def _builder(subject: x509.Name, key: CertificateIssuerPrivateKeyTypes, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )


def _add_key_ids(
    builder: x509.CertificateBuilder, subject: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
    )


def _usage(purpose: Purpose) -> x509.KeyUsage:
    match purpose:
        case Purpose.SIGN | Purpose.PERSON:
            return _key_usage("digital_signature", "content_commitment")
        case Purpose.ENCRYPT:
            return _key_usage("key_agreement")
        case Purpose.TLS_CLIENT | Purpose.TLS_SERVER:
            return _key_usage("digital_signature")


def _key_usage(*bits: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in bits for name in names})


def _authority_name(title: str) -> x509.Name:
    return _name(title, unit=SAMPLE_UNIT)


def _name(title: str, unit: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Yizhan")]
    if unit is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, title)])


def _uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
