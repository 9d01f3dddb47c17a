"""Sealing a batch: `new_key` -> payload.PayloadWriter -> `seal_manifest` -> `seal_keys`.

The order is fixed: the manifest holds the payload's digest, and the key envelope is bound to the manifest. What leaves
here has been read back the way its reader will read it.

This module must never touch plaintext or choose recipients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.envelope import enveloped, manifest, sealed, signed
from gateway.envelope.manifest import Manifest
from gateway.envelope.parties import Signer
from gateway.envelope.suite import INTL, Entropy
from gateway.errors import EnvelopeRefused, SealRefused


def new_key(entropy: Entropy) -> tuple[bytes, str]:
    """A fresh content key, and the commitment to it that goes into the manifest. One key encrypts one payload."""
    key = entropy(INTL.content_key_bytes)
    return key, INTL.commitment(key)


def seal_manifest(declared: Manifest, signer: Signer) -> bytes:
    """Sign a manifest: the bytes of manifest.p7s.

    Raises:
        SealRefused: whoever reads it would refuse it.
    """
    content = manifest.encode(declared)
    try:
        same = manifest.decode(content) == declared
    except EnvelopeRefused as error:
        raise signed.seal_refused(error) from None
    if not same:
        raise SealRefused(reason_zh="清单不能原样写出", reason_en="the manifest cannot be written without a change")
    return signed.sign(content, signer).encode()


def seal_keys(
    manifest_bytes: bytes, content_key: bytes, recipients: Sequence[bytes], signer: Signer, entropy: Entropy
) -> bytes:
    """Encrypt the content key to the centres and bind it to the manifest: the bytes of keys.p7m.

    The sender does this when it seals, a relay when it re-routes; the other files stay as they are.

    Args:
        recipients: DER encryption certificates, verified for that purpose by the caller.

    Raises:
        SealRefused: a certificate does not fit, or this is not the key the manifest commits to.
    """
    content = sealed.parse_manifest(manifest_bytes).content or b""
    if manifest.decode(content).key_commitment != INTL.commitment(content_key):
        raise SealRefused(reason_zh="内容密钥不是清单所承诺的", reason_en="the manifest commits to another content key")
    try:
        keys = enveloped.encrypt(content_key, recipients, entropy)
    except ValueError:
        raise SealRefused(
            reason_zh="接收中心的加密证书不能用于本格式,或数目不对",
            reason_en="the recipients' encryption certificates do not fit, or there are none or too many",
        ) from None
    seal = signed.sign(enveloped.statement(manifest_bytes, keys), signer)
    return replace(keys, seal=replace(seal, content=None).encode()).encode()
