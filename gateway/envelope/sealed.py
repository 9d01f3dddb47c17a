"""Unsealing a batch: the order of the steps of ENVELOPE.md sections 2 to 4.

Trust is in the type. `Sealed` is bytes of the right shape; `Declared` is a manifest that has been verified; `Batch` is
a verified manifest together with the key envelope that belongs to it. Only `verify_manifest` and `verify` make the
latter two, and whatever needs trust takes them.

    `Sealed.parse` -> `verify` -> `check_recipient` -> `check_payload` -> `open_key` -> payload.PayloadReader, `finish`

This module must never touch plaintext, nor use a private key before everything signed has been verified.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from gateway.envelope import der, enveloped, manifest, payload, signed
from gateway.envelope.enveloped import KeyEnvelope
from gateway.envelope.manifest import Manifest
from gateway.envelope.parties import Decryptor, Identity, Trust
from gateway.envelope.signed import SignedMessage
from gateway.envelope.suite import INTL
from gateway.errors import (
    KeyCommitmentWrong,
    KeyNotForUs,
    KeysCertificatesWrong,
    KeysNotCanonical,
    KeysNotCms,
    KeysOfAnotherBatch,
    KeysSignatureInvalid,
    KeyUnwrapFailed,
    ManifestCertificatesWrong,
    ManifestDigestWrong,
    ManifestNotCanonical,
    ManifestNotCms,
    ManifestSignatureInvalid,
    NotARecipient,
    PayloadDigestWrong,
    PayloadSizeWrong,
    SealerNotEntitled,
    SignerNotSender,
)

MAX_MANIFEST = 1024 * 1024
"""Bytes of manifest.p7s."""

MAX_KEYS = 64 * 1024
"""Bytes of keys.p7m."""

MANIFEST_STEPS = signed.Steps(
    not_cms=ManifestNotCms,
    not_canonical=ManifestNotCanonical,
    digest=ManifestDigestWrong,
    certificates=ManifestCertificatesWrong,
    signature=ManifestSignatureInvalid,
)
KEYS_STEPS = signed.Steps(
    not_cms=KeysNotCms,
    not_canonical=KeysNotCanonical,
    digest=KeysOfAnotherBatch,
    certificates=KeysCertificatesWrong,
    signature=KeysSignatureInvalid,
)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A verified manifest.

    Attributes:
        manifest: what the sender declares. signer: who signed it. digest: SHA-256 of manifest.p7s, 64 hex digits.
    """

    manifest: Manifest
    signer: Identity
    digest: str


@dataclass(frozen=True, kw_only=True)
class Batch(Declared):
    """A verified manifest with its verified key envelope.

    Attributes:
        keys: still encrypted. sealer: who signed them: the sender, or a recipient that re-routed the batch.
    """

    keys: KeyEnvelope
    sealer: Identity


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Manifest and key envelope as they came: bounded and well-formed, nothing more."""

    manifest_bytes: bytes
    manifest: SignedMessage
    keys: KeyEnvelope
    seal: SignedMessage

    @classmethod
    def parse(cls, manifest_bytes: bytes, keys_bytes: bytes) -> Sealed:
        """Take the two small files of a sealed batch.

        Raises:
            FileTooLong, ManifestNotCms, ManifestNotCanonical, KeysNotCms, KeysNotCanonical
        """
        message = parse_manifest(manifest_bytes)
        keys, seal = parse_keys(keys_bytes)
        return cls(manifest_bytes=manifest_bytes, manifest=message, keys=keys, seal=seal)


def parse_manifest(data: bytes) -> SignedMessage:
    """Steps 1.1, 2.1, 2.2.

    Raises:
        FileTooLong, ManifestNotCms, ManifestNotCanonical
    """
    der.bounded(data, "manifest.p7s", MAX_MANIFEST)
    message = signed.parse(data, MANIFEST_STEPS)
    if message.content is None:
        raise ManifestNotCanonical  # ENVELOPE 2.2
    return message


def parse_keys(data: bytes) -> tuple[KeyEnvelope, SignedMessage]:
    """Steps 1.1, 3.1, 3.2: the key envelope, and the seal inside it.

    Raises:
        FileTooLong, KeysNotCms, KeysNotCanonical
    """
    der.bounded(data, "keys.p7m", MAX_KEYS)
    keys = enveloped.parse(data)
    seal = signed.parse(keys.seal or b"", KEYS_STEPS)
    if seal.content is not None:
        raise KeysNotCanonical  # ENVELOPE 3.2
    return keys, seal


def verify(sealed: Sealed, trust: Trust, at: datetime) -> Batch:
    """Decide that manifest and key envelope are genuine and belong together. Needs no private key.

    Raises:
        EnvelopeRefused: YZ-4203 to YZ-4210, YZ-4303 to YZ-4307; YZ-5xxx from `trust`.
    """
    declared = _verify_manifest(sealed.manifest, sealed.manifest_bytes, trust, at)
    content = enveloped.statement(sealed.manifest_bytes, sealed.keys)
    sealer = signed.verify(sealed.seal, content, KEYS_STEPS, trust, at)  # ENVELOPE 3.3 to 3.6
    if not _may_seal(sealer, declared.manifest):
        raise SealerNotEntitled(sealer=sealer.id)  # ENVELOPE 3.7
    return Batch(
        manifest=declared.manifest, signer=declared.signer, digest=declared.digest, keys=sealed.keys, sealer=sealer
    )


def verify_manifest(data: bytes, trust: Trust, at: datetime) -> Declared:
    """Decide that manifest.p7s by itself is genuine: steps 1.1 and 2.1 to 2.10.

    Raises:
        FileTooLong; EnvelopeRefused: YZ-4201 to YZ-4210; YZ-5xxx from `trust`.
    """
    return _verify_manifest(parse_manifest(data), data, trust, at)


def _verify_manifest(message: SignedMessage, data: bytes, trust: Trust, at: datetime) -> Declared:
    content = message.content or b""
    signer = signed.verify(message, content, MANIFEST_STEPS, trust, at)  # ENVELOPE 2.3 to 2.6
    declared = manifest.decode(content)  # ENVELOPE 2.7 to 2.9
    if (signer.party, signer.id) != ("department", declared.sender):
        raise SignerNotSender(signer=signer.id, sender=declared.sender)  # ENVELOPE 2.10
    return Declared(manifest=declared, signer=signer, digest=INTL.digest(data).hex())


def _may_seal(sealer: Identity, declared: Manifest) -> bool:
    if sealer.party == "department":
        return sealer.id == declared.sender
    return sealer.party == "centre" and sealer.id in declared.recipients


def check_recipient(declared: Declared, centre: str) -> None:
    """Raise unless the sender named this centre.

    Raises:
        NotARecipient
    """
    if centre not in declared.manifest.recipients:
        raise NotARecipient(centre=centre, batch=declared.manifest.batch_id)  # ENVELOPE 3.8


def open_key(batch: Batch, decryptor: Decryptor) -> bytes:
    """The content key, and proof that it is the one the manifest means.

    Raises:
        KeyNotForUs, KeyUnwrapFailed, KeyCommitmentWrong
    """
    name = batch.manifest.batch_id
    try:
        key = enveloped.decrypt(batch.keys, decryptor)
    except LookupError:
        raise KeyNotForUs(batch=name) from None  # ENVELOPE 3.9
    except ValueError:
        raise KeyUnwrapFailed(batch=name) from None  # ENVELOPE 3.10
    if not hmac.compare_digest(INTL.commitment(key), batch.manifest.key_commitment):
        raise KeyCommitmentWrong(batch=name)  # ENVELOPE 3.11
    return key


def check_payload(declared: Declared, source: payload.Source) -> None:
    """Read a payload once and raise unless it is, byte for byte, the one that was declared. Needs no key.

    Raises:
        PayloadHeaderWrong, PayloadSizeWrong, PayloadDigestWrong
    """
    facts = declared.manifest.payload
    header = payload.read_header(source)  # ENVELOPE 4.1
    digest, left = hashlib.sha256(header), facts.size - len(header)
    buffer = memoryview(bytearray(payload.SEGMENT))
    while count := source.readinto(buffer):
        left -= count
        if left < 0:
            break
        digest.update(buffer[:count])
    if left:
        raise PayloadSizeWrong(size=facts.size)  # ENVELOPE 4.2
    if not hmac.compare_digest(digest.hexdigest(), facts.digest):
        raise PayloadDigestWrong  # ENVELOPE 4.3
