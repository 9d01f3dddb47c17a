"""CMS SignedData (RFC 5652) in one form only: manifests, receipts, papers and the seal of the key envelope.

Every byte counts. A message is read into its few free parts (content, certificates, the values of the signed
attributes, key identifier, signature) and written again from them; unless that gives the same bytes, it is refused.
Then each free part is checked: the content by the signed digest, the certificates by the signed list of their digests
(RFC 5035), the attributes by the signature. So no byte can be changed, added or left out by anybody who does not hold
the key.

This module must never decide whether the signer may be trusted; `verify` asks the `Trust` it is given.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.envelope import der
from gateway.envelope.parties import Identity, Signer, Trust
from gateway.envelope.suite import INTL
from gateway.errors import EnvelopeRefused, SealRefused

MAX_CERTIFICATES = 4
"""Signer's certificate and intermediates carried in one message."""

MAX_CERTIFICATE = 8 * 1024


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The error of each step, for the message at hand: the same checks have other codes in a receipt."""

    not_cms: Callable[[], EnvelopeRefused]
    not_canonical: Callable[[], EnvelopeRefused]
    digest: Callable[[], EnvelopeRefused]
    certificates: Callable[[], EnvelopeRefused]
    signature: Callable[[], EnvelopeRefused]


@dataclass(frozen=True, kw_only=True)
class SignedMessage:
    """The free parts of a SignedData, not yet checked.

    Attributes:
        content: what is signed, or None where it travels apart.
        certificates: DER, in the order of the SET OF.
        content_digest, certificate_digests: the values of the signed attributes.
        key_id: the signer's subjectKeyIdentifier.
        signature: DER Ecdsa-Sig-Value.
    """

    content: bytes | None
    certificates: tuple[bytes, ...]
    content_digest: bytes
    certificate_digests: tuple[bytes, ...]
    key_id: bytes
    signature: bytes

    @property
    def attributes(self) -> tuple[der.Attribute, ...]:
        """The signed attributes: content type, message digest, signing certificates; nothing else."""
        listed = [der.CertificateDigest(digest=one) for one in self.certificate_digests]
        return (
            der.attribute(der.ID_CONTENT_TYPE, der.encode(der.ID_DATA)),
            der.attribute(der.ID_MESSAGE_DIGEST, der.encode(self.content_digest)),
            der.attribute(der.ID_SIGNING_CERTIFICATE_V2, der.encode(der.SigningCertificates(certificates=listed))),
        )

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers: the attributes as a SET OF (RFC 5652 5.4)."""
        return der.encode(der.set_of(*self.attributes))

    def encode(self) -> bytes:
        """The one DER form of these parts."""
        digest = der.Algorithm(algorithm=INTL.digest_oid)
        signer = der.SignerInfo(
            version=3,
            key_id=self.key_id,
            digest_algorithm=digest,
            signed_attributes=der.set_of(*self.attributes),
            signature_algorithm=der.Algorithm(algorithm=INTL.signature_oid),
            signature=self.signature,
            unsigned_attributes=None,
        )
        signed = der.SignedData(
            version=3,
            digest_algorithms=der.set_of(digest),
            content=der.EncapsulatedContent(content_type=der.ID_DATA, content=self.content),
            certificates=der.set_of(*map(der.tlv, self.certificates)),
            revocations=None,
            signers=der.set_of(signer),
        )
        return der.wrap(der.ID_SIGNED_DATA, signed)


def sign(content: bytes, signer: Signer) -> SignedMessage:
    """Sign `content` and carry it. `replace(message, content=None)` gives the detached form of the same signature.

    Raises:
        SealRefused: a certificate of the signer cannot be used, or its key did not give a valid signature.
    """
    certificates = (signer.certificate, *signer.intermediates)
    try:
        message = SignedMessage(
            content=content,
            certificates=tuple(sorted(certificates)),
            content_digest=INTL.digest(content),
            certificate_digests=tuple(INTL.digest(one) for one in certificates),
            key_id=INTL.key_id(signer.certificate),
            signature=b"",
        )
        signed = replace(message, signature=INTL.canonical_signature(signer.sign(message.signed_bytes)))
        check(parse(signed.encode(), _SELF), content, _SELF)
    except (ValueError, _Unusable):
        raise SealRefused(
            reason_zh="签名证书与私钥不能用于本格式(须为 P-256,带使用者密钥标识)",
            reason_en="the signing certificate and key do not fit (P-256 and a subjectKeyIdentifier are needed)",
        ) from None
    return signed


def seal_refused(error: EnvelopeRefused) -> SealRefused:
    """What to raise when something of our own would be refused with `error`, without the advice to its reader."""
    facts = error.facts
    return SealRefused(reason_zh=error.zh.format(**facts).rstrip("。"), reason_en=error.en.format(**facts).rstrip("."))


class _Unusable(EnvelopeRefused):
    """Our own signature would be refused; never leaves `sign`."""


_SELF = Steps(not_cms=_Unusable, not_canonical=_Unusable, digest=_Unusable, certificates=_Unusable, signature=_Unusable)


def parse(data: bytes, steps: Steps) -> SignedMessage:
    """Read the free parts of a SignedData out of DER and check that it is their one form.

    Raises:
        steps.not_cms, steps.not_canonical
    """
    try:
        signed = der.unwrap(der.ID_SIGNED_DATA, der.SignedData, data)
    except ValueError:
        raise steps.not_cms() from None  # ENVELOPE 2.1, 3.1, 5.1, 6.1, 7.1, 8.1, 9.1
    try:
        message = _parts(signed)
        canonical = message.encode() == data
    except ValueError:
        canonical = False
    if not canonical:
        raise steps.not_canonical()  # ENVELOPE 2.2, 3.2, 5.2, 6.2, 7.2, 8.2, 9.2
    return message


def _parts(signed: der.SignedData) -> SignedMessage:
    signers, certificates = signed.signers.as_list(), signed.certificates.as_list()
    if len(signers) != 1 or not 0 < len(certificates) <= MAX_CERTIFICATES:
        raise ValueError("one signer and a few certificates are expected")
    values = {}
    for one in signers[0].signed_attributes.as_list():
        (value,) = one.values.as_list()
        values[one.type] = der.raw(value)
    try:
        digest, listed = values[der.ID_MESSAGE_DIGEST], values[der.ID_SIGNING_CERTIFICATE_V2]
    except KeyError:
        raise ValueError("a signed attribute is missing") from None
    return SignedMessage(
        content=signed.content.content,
        certificates=tuple(der.raw(one) for one in certificates),
        content_digest=der.decode(bytes, digest),
        certificate_digests=tuple(one.digest for one in der.decode(der.SigningCertificates, listed).certificates),
        key_id=signers[0].key_id,
        signature=signers[0].signature,
    )


def check(message: SignedMessage, content: bytes, steps: Steps) -> tuple[bytes, ...]:
    """Check digest, certificates and signature; give the certificates back, the signer's own first.

    Raises:
        steps.digest, steps.certificates, steps.signature
    """
    if not hmac.compare_digest(message.content_digest, INTL.digest(content)):
        raise steps.digest()  # ENVELOPE 2.3, 3.3, 5.3, 6.3, 7.3, 8.3, 9.3
    by_digest = {INTL.digest(one): one for one in message.certificates if len(one) <= MAX_CERTIFICATE}
    listed = message.certificate_digests
    if len(set(listed)) != len(listed) or set(listed) != set(by_digest) or len(listed) != len(message.certificates):
        raise steps.certificates()  # ENVELOPE 2.4, 3.4, 5.4, 6.4, 7.4, 8.4, 9.4
    chain = tuple(by_digest[one] for one in listed)
    try:
        named = INTL.key_id(chain[0]) == message.key_id
    except ValueError:
        named = False
    if not named:
        raise steps.certificates()  # ENVELOPE 2.4, 3.4, 5.4, 6.4, 7.4, 8.4, 9.4
    try:
        INTL.verify(chain[0], message.signature, message.signed_bytes)
    except ValueError:
        raise steps.signature() from None  # ENVELOPE 2.5, 3.5, 5.5, 6.5, 7.5, 8.5, 9.5
    return chain


def verify(message: SignedMessage, content: bytes, steps: Steps, trust: Trust, at: datetime) -> Identity:
    """Check a message and ask whom its signer speaks for.

    Raises:
        steps.digest, steps.certificates, steps.signature; YZ-5xxx from `trust`.
    """
    own, *others = check(message, content, steps)
    return trust.verify(own, tuple(others), "sign", at)  # ENVELOPE 2.6, 3.6, 5.6
