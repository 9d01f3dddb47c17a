"""The ASN.1 of the CMS messages we write: only the shapes of our profile (RFC 5652, 5753, 5035, 3565).

Decoding is strict DER. Optional parts that our profile forbids are declared all the same, so that a message carrying
them is read and then refused as not canonical, instead of being taken for no CMS at all.

This module must never judge a value; `signed` and `enveloped` do.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from gateway.errors import FileTooLong

T = TypeVar("T")

ID_DATA = ObjectIdentifier("1.2.840.113549.1.7.1")
ID_SIGNED_DATA = ObjectIdentifier("1.2.840.113549.1.7.2")
ID_ENVELOPED_DATA = ObjectIdentifier("1.2.840.113549.1.7.3")
ID_CONTENT_TYPE = ObjectIdentifier("1.2.840.113549.1.9.3")
ID_MESSAGE_DIGEST = ObjectIdentifier("1.2.840.113549.1.9.4")
ID_SIGNING_CERTIFICATE_V2 = ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
ID_KEYS_SEAL = ObjectIdentifier("2.25.111470920848414167001437148411113879846")
"""Our own: the unprotected attribute of `keys.p7m` that holds the sealer's signature (X.667 UUID arc)."""


@asn1.sequence
class Algorithm:
    """AlgorithmIdentifier whose parameters are absent (RFC 5754, 5758, 3565): all that we use but AES-CBC."""

    algorithm: ObjectIdentifier


@asn1.sequence
class Attribute:
    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


Attributes = asn1.SetOf[Attribute]


@asn1.sequence
class ContentInfo:
    content_type: ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class EncapsulatedContent:
    content_type: ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignerInfo:
    version: int
    key_id: Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: Algorithm
    signed_attributes: Annotated[Attributes, asn1.Implicit(0)]
    signature_algorithm: Algorithm
    signature: bytes
    unsigned_attributes: Annotated[Attributes | None, asn1.Implicit(1)]


@asn1.sequence
class SignedData:
    version: int
    digest_algorithms: asn1.SetOf[Algorithm]
    content: EncapsulatedContent
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    revocations: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[SignerInfo]


@asn1.sequence
class CertificateDigest:
    """ESSCertIDv2 with its default hash, SHA-256, and without issuerSerial."""

    digest: bytes


@asn1.sequence
class SigningCertificates:
    """SigningCertificateV2: the signer's certificate first, then the others carried."""

    certificates: list[CertificateDigest]


@asn1.sequence
class OriginatorKey:
    algorithm: Algorithm
    point: asn1.BitString


@asn1.sequence
class KeyEncryptionAlgorithm:
    algorithm: ObjectIdentifier
    wrap: Algorithm


@asn1.sequence
class RecipientKeyIdentifier:
    key_id: bytes


@asn1.sequence
class RecipientKey:
    recipient: Annotated[RecipientKeyIdentifier, asn1.Implicit(0)]
    wrapped_key: bytes


@asn1.sequence
class KeyAgreement:
    """KeyAgreeRecipientInfo. `originator` is a CHOICE; the key identifier alternative is declared to be refused."""

    version: int
    originator: Annotated[
        Annotated[bytes, asn1.Implicit(0)] | Annotated[OriginatorKey, asn1.Implicit(1)], asn1.Explicit(0)
    ]
    key_material: Annotated[bytes | None, asn1.Explicit(1)]
    algorithm: KeyEncryptionAlgorithm
    recipients: list[RecipientKey]


@asn1.sequence
class CbcAlgorithm:
    algorithm: ObjectIdentifier
    iv: bytes


@asn1.sequence
class EncryptedContent:
    content_type: ObjectIdentifier
    algorithm: CbcAlgorithm
    ciphertext: Annotated[bytes, asn1.Implicit(0)]


@asn1.sequence
class EnvelopedData:
    version: int
    recipients: asn1.SetOf[Annotated[KeyAgreement, asn1.Implicit(1)]]
    content: EncryptedContent
    unprotected: Annotated[Attributes | None, asn1.Implicit(1)]


def bounded(data: bytes, file: str, limit: int) -> None:
    """Nothing is parsed before its length is known to be sane.

    Raises:
        FileTooLong: empty, or longer than `limit` bytes.
    """
    if not 0 < len(data) <= limit:
        raise FileTooLong(file=file, limit=limit)  # ENVELOPE 1.1


def decode(form: type[T], data: bytes) -> T:
    """Strict DER, no trailing bytes.

    Raises:
        ValueError: not DER, or not of this form.
    """
    return asn1.decode_der(form, data)


def encode(value: object) -> bytes:
    return asn1.encode_der(value)


def raw(value: asn1.TLV) -> bytes:
    """A TLV's own bytes."""
    return asn1.encode_der(value)


def tlv(data: bytes) -> asn1.TLV:
    """Raises ValueError: `data` is not exactly one DER element."""
    return asn1.decode_der(asn1.TLV, data)


def wrap(content_type: ObjectIdentifier, content: object) -> bytes:
    """A ContentInfo around a content."""
    return encode(ContentInfo(content_type=content_type, content=tlv(encode(content))))


def unwrap(content_type: ObjectIdentifier, form: type[T], data: bytes) -> T:
    """The content of a ContentInfo of this type.

    Raises:
        ValueError: not DER, another content type, or not of this form.
    """
    info = decode(ContentInfo, data)
    if info.content_type != content_type:
        raise ValueError("another content type")
    return decode(form, raw(info.content))


def set_of(*values: object) -> asn1.SetOf:
    return asn1.SetOf(list(values))


def attribute(kind: ObjectIdentifier, value: bytes) -> Attribute:
    """An attribute with one value, given as DER."""
    return Attribute(type=kind, values=set_of(tlv(value)))
