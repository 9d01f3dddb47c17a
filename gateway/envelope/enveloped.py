"""CMS EnvelopedData (RFC 5652, 5753, 3565) in one form only: the content key, encrypted to the centres.

One ephemeral P-256 key agrees with every recipient's certificate key; each agreement wraps one content-encryption key;
that key encrypts the batch's content key with AES-256-CBC. An unprotected attribute of our own holds the *seal*: the
sealer's detached SignedData over the manifest's digest and the digest of all the rest of this message. As in
`signed`, the message is written again from its free parts and must give the same bytes, so the seal fixes every byte.

Why not AuthEnvelopedData (RFC 5083): OpenSSL 3.0 does not read one that carries unauthenticated attributes. Nothing is
lost: the seal is verified before the private key is used, and the manifest's commitment to the content key after.

This module must never verify the seal; `sealed` does, which knows the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat import asn1

from gateway.envelope import der
from gateway.envelope.parties import Decryptor
from gateway.envelope.suite import INTL, Entropy
from gateway.errors import KeysNotCanonical, KeysNotCms

MAX_RECIPIENTS = 16


@dataclass(frozen=True, kw_only=True)
class KeyEnvelope:
    """The free parts of a key envelope, not yet checked.

    Attributes:
        point: the ephemeral public key, SEC 1 uncompressed.
        recipients: (subjectKeyIdentifier, wrapped content-encryption key), in order.
        iv, ciphertext: AES-256-CBC over the content key.
        seal: DER SignedData, detached; None only while it is being made.
    """

    point: bytes
    recipients: tuple[tuple[bytes, bytes], ...]
    iv: bytes
    ciphertext: bytes
    seal: bytes | None = None

    def encode(self) -> bytes:
        """The one DER form of these parts."""
        algorithm = der.CbcAlgorithm(algorithm=INTL.content_oid, iv=self.iv)
        content = der.EncryptedContent(content_type=der.ID_DATA, algorithm=algorithm, ciphertext=self.ciphertext)
        sealed = None if self.seal is None else der.set_of(der.attribute(der.ID_KEYS_SEAL, self.seal))
        envelope = der.EnvelopedData(
            version=2,
            recipients=der.set_of(self._agreement()),
            content=content,
            unprotected=sealed,
        )
        return der.wrap(der.ID_ENVELOPED_DATA, envelope)

    def _agreement(self) -> der.KeyAgreement:
        return der.KeyAgreement(
            version=3,
            originator=der.OriginatorKey(
                algorithm=der.Algorithm(algorithm=INTL.public_key_oid), point=asn1.BitString(self.point, 0)
            ),
            key_material=None,
            algorithm=der.KeyEncryptionAlgorithm(
                algorithm=INTL.agreement_oid, wrap=der.Algorithm(algorithm=INTL.wrap_oid)
            ),
            recipients=[
                der.RecipientKey(recipient=der.RecipientKeyIdentifier(key_id=key_id), wrapped_key=wrapped)
                for key_id, wrapped in self.recipients
            ],
        )


def encrypt(content_key: bytes, certificates: Sequence[bytes], entropy: Entropy) -> KeyEnvelope:
    """Encrypt a content key to the recipients' DER certificates; the seal is still missing.

    Raises:
        ValueError: a certificate does not fit, is given twice, or there are none or too many.
    """
    key_ids = tuple(INTL.key_id(one) for one in certificates)
    if not 0 < len(key_ids) <= MAX_RECIPIENTS or len(set(key_ids)) != len(key_ids):
        raise ValueError("from one to sixteen different recipients are expected")
    point, wrapping_keys = INTL.agree(tuple(certificates), entropy)
    encryption_key, iv = entropy(INTL.content_key_bytes), entropy(INTL.iv_bytes)
    return KeyEnvelope(
        point=point,
        recipients=tuple((i, INTL.wrap(k, encryption_key)) for i, k in zip(key_ids, wrapping_keys, strict=True)),
        iv=iv,
        ciphertext=INTL.encrypt_key(encryption_key, iv, content_key),
    )


def statement(manifest_bytes: bytes, keys: KeyEnvelope) -> bytes:
    """What the sealer of a key envelope signs: which manifest, and all of the envelope but the seal itself."""
    bare = replace(keys, seal=None).encode()
    digests = INTL.digest(manifest_bytes).hex(), INTL.digest(bare).hex()
    return "yizhan-keys/1\nmanifest sha256:{}\nkeys sha256:{}\n".format(*digests).encode()


def decrypt(envelope: KeyEnvelope, decryptor: Decryptor) -> bytes:
    """The content key, for the holder of one of the recipients' keys.

    Raises:
        LookupError: the envelope has no entry for this certificate.
        ValueError: the entry does not open.
    """
    wrapped = dict(envelope.recipients).get(INTL.key_id(decryptor.certificate))
    if wrapped is None:
        raise LookupError("no entry for this certificate")
    encryption_key = INTL.unwrap(INTL.wrapping_key(decryptor.exchange(envelope.point)), wrapped)
    return INTL.decrypt_key(encryption_key, envelope.iv, envelope.ciphertext)


def parse(data: bytes) -> KeyEnvelope:
    """Read the free parts of a key envelope out of DER and check that it is their one form.

    Raises:
        KeysNotCms, KeysNotCanonical
    """
    try:
        outer = der.unwrap(der.ID_ENVELOPED_DATA, der.EnvelopedData, data)
    except ValueError:
        raise KeysNotCms from None  # ENVELOPE 3.1
    try:
        envelope = _parts(outer)
        canonical = envelope.encode() == data
    except ValueError:
        canonical = False
    if not canonical:
        raise KeysNotCanonical  # ENVELOPE 3.2
    return envelope


def _parts(outer: der.EnvelopedData) -> KeyEnvelope:
    (agreement,) = outer.recipients.as_list()
    (seal,) = outer.unprotected.as_list() if outer.unprotected else ()
    (value,) = seal.values.as_list()
    envelope = KeyEnvelope(
        point=_point(agreement.originator),
        recipients=tuple((one.recipient.key_id, one.wrapped_key) for one in agreement.recipients),
        iv=outer.content.algorithm.iv,
        ciphertext=outer.content.ciphertext,
        seal=der.raw(value),
    )
    _check_lengths(envelope)
    return envelope


def _point(originator: bytes | der.OriginatorKey) -> bytes:
    """A key identifier, the other alternative, gives an empty point and so is not canonical."""
    return originator.point.as_bytes() if isinstance(originator, der.OriginatorKey) else b""


def _check_lengths(envelope: KeyEnvelope) -> None:
    key_ids = {key_id for key_id, _ in envelope.recipients}
    fits = (
        len(envelope.point) == INTL.point_bytes
        and len(envelope.iv) == INTL.iv_bytes
        and len(envelope.ciphertext) == INTL.encrypted_key_bytes
        and 0 < len(envelope.recipients) <= MAX_RECIPIENTS
        and len(key_ids) == len(envelope.recipients)
        and all(len(wrapped) == INTL.wrapped_key_bytes for _, wrapped in envelope.recipients)
    )
    if not fits:
        raise ValueError("a part has the wrong length")
