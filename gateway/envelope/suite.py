"""The algorithms of a cipher suite, and nothing of the format.

Suite `intl`: SHA-256, ECDSA and ECDH on P-256, AES-256 key wrap, AES-256-CBC for the key, AES-256-GCM
for the payload, HKDF-SHA-256. Another suite is another
class with the same methods and an entry in `SUITES`; the DER and stream code does not change.

This module must never parse a message or decide whom to trust.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, keywrap, padding
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Entropy = Callable[[int], bytes]
"""`entropy(n)` gives n unpredictable bytes, as `os.urandom` does."""

_P256 = ec.SECP256R1()
_P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_COMMITMENT = b"yizhan-key-commitment/1"

# ECC-CMS-SharedInfo (RFC 5753 7.2) for a 256-bit key under id-aes256-wrap without ukm. It is the same in every message:
# SEQUENCE { SEQUENCE { id-aes256-wrap }, [2] { OCTET STRING 00000100 } }
_SHARED_INFO = bytes.fromhex("3015300b060960864801650304012da206040400000100")


class Intl:
    """Suite `intl`. All methods are pure; entropy is an argument."""

    name = "intl"
    content_key_bytes = 32
    point_bytes = 65
    wrapped_key_bytes = 40
    iv_bytes = 16
    encrypted_key_bytes = 48

    digest_oid = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
    signature_oid = x509.ObjectIdentifier("1.2.840.10045.4.3.2")
    agreement_oid = x509.ObjectIdentifier("1.3.132.1.11.1")  # dhSinglePass-stdDH-sha256kdf-scheme
    wrap_oid = x509.ObjectIdentifier("2.16.840.1.101.3.4.1.45")
    content_oid = x509.ObjectIdentifier("2.16.840.1.101.3.4.1.42")  # aes256-CBC
    public_key_oid = x509.ObjectIdentifier("1.2.840.10045.2.1")

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def commitment(self, content_key: bytes) -> str:
        """64 hex digits that fix the content key and reveal nothing of it.

        AES-GCM alone does not fix its key: one ciphertext can be made to open under two.
        """
        return HKDF(hashes.SHA256(), 32, None, _COMMITMENT).derive(content_key).hex()

    def segment_cipher(self, content_key: bytes, salt: bytes, associated: bytes) -> AESGCM:
        """The payload's AEAD: key by HKDF (RFC 5869) over the payload's own salt."""
        return AESGCM(HKDF(hashes.SHA256(), 32, salt, associated).derive(content_key))

    def key_id(self, certificate: bytes) -> bytes:
        """The subjectKeyIdentifier of a DER certificate.

        Raises:
            ValueError: the certificate cannot be read, carries none, or does not hold a P-256 key.
        """
        parsed = _load(certificate)
        _public_key(parsed)
        try:
            return parsed.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            raise ValueError("no subjectKeyIdentifier") from None

    def canonical_signature(self, signature: bytes) -> bytes:
        """The one accepted form of an ECDSA signature: DER, s in the lower half.

        (r, s) and (r, n - s) are both valid, so a stranger could give a manifest a second digest without the key.

        Raises:
            ValueError: not an Ecdsa-Sig-Value.
        """
        r, s = utils.decode_dss_signature(signature)
        return utils.encode_dss_signature(r, min(s, _P256_ORDER - s))

    def verify(self, certificate: bytes, signature: bytes, data: bytes) -> None:
        """ECDSA with SHA-256 under a DER certificate's key.

        Raises:
            ValueError: anything but a canonical, valid signature by a P-256 key.
        """
        if self.canonical_signature(signature) != signature:
            raise ValueError("signature is not canonical")
        try:
            _public_key(_load(certificate)).verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise ValueError("signature is invalid") from None

    def agree(self, certificates: tuple[bytes, ...], entropy: Entropy) -> tuple[bytes, tuple[bytes, ...]]:
        """One ephemeral key for all recipients: its SEC 1 point, and each recipient's wrapping key in order.

        Raises:
            ValueError: a certificate does not hold a P-256 key.
        """
        # 48 bytes reduced by a 32-byte order leave no bias that matters: FIPS 186-5 A.2.1.
        scalar = int.from_bytes(entropy(48), "big") % (_P256_ORDER - 1) + 1
        ephemeral = ec.derive_private_key(scalar, _P256)
        shared = (ephemeral.exchange(ec.ECDH(), _public_key(_load(one))) for one in certificates)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point, tuple(self.wrapping_key(secret) for secret in shared)

    def wrapping_key(self, shared: bytes) -> bytes:
        """RFC 5753 3.1.3: the key-encryption key out of the shared secret, by the X9.63 KDF with SHA-256."""
        return X963KDF(hashes.SHA256(), 32, _SHARED_INFO).derive(shared)

    def wrap(self, wrapping_key: bytes, key: bytes) -> bytes:
        """RFC 3394."""
        return keywrap.aes_key_wrap(wrapping_key, key)

    def unwrap(self, wrapping_key: bytes, wrapped: bytes) -> bytes:
        """RFC 3394.

        Raises:
            ValueError: the wrapped key is not authentic.
        """
        try:
            return keywrap.aes_key_unwrap(wrapping_key, wrapped)
        except keywrap.InvalidUnwrap:
            raise ValueError("wrapped key is not authentic") from None

    def encrypt_key(self, key: bytes, iv: bytes, content_key: bytes) -> bytes:
        """AES-256-CBC with PKCS #7 padding (RFC 3565): 48 bytes."""
        padder, encryptor = padding.PKCS7(128).padder(), Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
        return encryptor.update(padder.update(content_key) + padder.finalize()) + encryptor.finalize()

    def decrypt_key(self, key: bytes, iv: bytes, encrypted: bytes) -> bytes:
        """The inverse. It proves nothing by itself: the seal and the commitment do.

        Raises:
            ValueError: the padding is wrong.
        """
        unpadder, decryptor = padding.PKCS7(128).unpadder(), Cipher(algorithms.AES256(key), modes.CBC(iv)).decryptor()
        return unpadder.update(decryptor.update(encrypted) + decryptor.finalize()) + unpadder.finalize()


INTL = Intl()
SUITES = {INTL.name: INTL}


def _load(certificate: bytes) -> x509.Certificate:
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        list(parsed.extensions)  # parsed late by the library: a malformed one must fail here
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise ValueError("malformed certificate") from None
    return parsed


def _public_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _P256.name:
        raise ValueError("not a P-256 key")
    return key
