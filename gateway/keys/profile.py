"""What a certificate must allow before it is used for a purpose: key usage, extended key usage, algorithm.

Signing, encryption and connection have a certificate each (double-certificate practice of GB/T 25056 and GM/T 0034), so
that a key held on-line in a TLS server can never sign a batch. RFC 5280 4.2.1.3 and 4.2.1.12 give the bits.

This module must never look at chains, dates or revocation; that is `trust`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from gateway.errors import KeyUnsuitable, KeyUsageWrong
from gateway.keys.identity import Purpose, serial_of

# An unknown critical extension may restrict the certificate in a way we do not see (RFC 5280 4.2: MUST reject).
_UNDERSTOOD = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)


@dataclass(frozen=True, kw_only=True)
class _Profile:
    """`bit` of keyUsage that must be set; the one extended usage that fits, and whether its absence will do.

    `exclusive`: the certificate may say nothing beyond that.
    """

    bit: str
    extended: x509.ObjectIdentifier
    extended_required: bool
    exclusive: bool = False


# A certificate for messages carries emailProtection, the usage `openssl cms` asks for, or no extended usage at all; one
# for connections must say so, because OpenSSL and every browser ask for it.
_PROFILES = {
    Purpose.SIGN: _Profile(bit="digital_signature", extended=Eku.EMAIL_PROTECTION, extended_required=False),
    Purpose.ENCRYPT: _Profile(bit="key_agreement", extended=Eku.EMAIL_PROTECTION, extended_required=False),
    Purpose.TLS_CLIENT: _Profile(bit="digital_signature", extended=Eku.CLIENT_AUTH, extended_required=True),
    Purpose.TLS_SERVER: _Profile(bit="digital_signature", extended=Eku.SERVER_AUTH, extended_required=True),
    # A person signs and does nothing else: one that could also log in or decrypt would be lent for that.
    Purpose.PERSON: _Profile(
        bit="digital_signature", extended=Eku.EMAIL_PROTECTION, extended_required=True, exclusive=True
    ),
}

# What keyUsage may say beside signing; the two bits that only qualify an agreement cannot stand without it.
_OTHER_BITS = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


def check_profile(certificate: x509.Certificate, purpose: Purpose) -> None:
    """Raise unless the certificate allows `purpose` and holds a P-256 key.

    Raises:
        KeyUsageWrong: wrong or missing usages, an authority's certificate, or an unknown critical extension.
        KeyUnsuitable: the key is not on P-256 (suite `intl`).
    """
    if not (_is_end_entity(certificate) and _allows(certificate, _PROFILES[purpose])):
        raise KeyUsageWrong(serial=serial_of(certificate), purpose=purpose)
    key = certificate.public_key()
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise KeyUnsuitable(serial=serial_of(certificate), expected="ECDSA P-256")


def _is_end_entity(certificate: x509.Certificate) -> bool:
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD):
            return False
        if isinstance(extension.value, x509.BasicConstraints) and extension.value.ca:
            return False
    return True


def _allows(certificate: x509.Certificate, profile: _Profile) -> bool:
    values = {type(extension.value): extension.value for extension in certificate.extensions}
    usage = values.get(x509.KeyUsage)
    extended = values.get(x509.ExtendedKeyUsage)
    if not isinstance(usage, x509.KeyUsage) or not getattr(usage, profile.bit):
        return False
    if not isinstance(extended, x509.ExtendedKeyUsage):
        return not profile.extended_required
    if profile.exclusive and (len(extended) != 1 or any(getattr(usage, bit) for bit in _OTHER_BITS)):
        return False
    return profile.extended in extended
