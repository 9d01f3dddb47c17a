"""Ways to be wrong: good parts changed, and signed again where only a signature makes the step be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import utils

from gateway.envelope import der, enveloped, sealing, signed
from gateway.envelope.enveloped import KeyEnvelope
from gateway.envelope.manifest import PayloadFacts
from gateway.envelope.payload import HEADER
from gateway.envelope.signed import SignedMessage
from gateway.envelope.suite import INTL
from tests.vectors.material import (
    CHANGNING_ENCRYPT,
    CIVIL,
    FINANCE,
    P256_ORDER,
    ROWS,
    Made,
    SampleSigner,
    Seeded,
    arrow,
    encrypt,
    facts,
)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def resigned(content: bytes, signer: SampleSigner = FINANCE) -> bytes:
    """`content`, whatever it says, truly signed."""
    return signed.sign(content, signer).encode()


def with_unsigned_attribute(data: bytes) -> bytes:
    content = der.unwrap(der.ID_SIGNED_DATA, der.SignedData, data)
    (signer,) = content.signers.as_list()
    signer.unsigned_attributes = der.set_of(der.attribute(der.ID_DATA, der.encode(b"nobody signed this")))
    content.signers = der.set_of(signer)
    return der.wrap(der.ID_SIGNED_DATA, content)


def with_stranger(one: SignedMessage) -> SignedMessage:
    """Carries one more certificate than the signature lists."""
    return replace(one, certificates=tuple(sorted((*one.certificates, CIVIL.certificate))))


def high_s(one: SignedMessage) -> SignedMessage:
    r, s = utils.decode_dss_signature(one.signature)
    return replace(one, signature=utils.encode_dss_signature(r, P256_ORDER - s))


def forged(one: SignedMessage) -> SignedMessage:
    """The right certificate, another key's signature."""
    return replace(one, signature=INTL.canonical_signature(CIVIL.sign(one.signed_bytes)))


def keys_of(
    made: Made,
    *,
    content_key: bytes | None = None,
    certificate: bytes = CHANGNING_ENCRYPT.certificate,
    signer: SampleSigner = FINANCE,
    change: Callable[[KeyEnvelope], KeyEnvelope] = lambda keys: keys,
    change_seal: Callable[[SignedMessage], SignedMessage] = lambda seal: seal,
) -> bytes:
    """A key envelope for `made`, changed before or after it is sealed."""
    keys = change(enveloped.encrypt(content_key or made.content_key, (certificate,), Seeded("bad keys")))
    seal = change_seal(replace(signed.sign(enveloped.statement(made.manifest, keys), signer), content=None))
    return replace(keys, seal=seal.encode()).encode()


def with_unprotected_attribute(data: bytes) -> bytes:
    content = der.unwrap(der.ID_ENVELOPED_DATA, der.EnvelopedData, data)
    extra = der.attribute(der.ID_DATA, der.encode(b"nobody sealed this"))
    content.unprotected = der.set_of(*content.unprotected.as_list(), extra)
    return der.wrap(der.ID_ENVELOPED_DATA, content)


def rewrapped(keys: KeyEnvelope) -> KeyEnvelope:
    """The sender seals a wrapped key that does not open."""
    (key_id, wrapped), *others = keys.recipients
    return replace(keys, recipients=((key_id, flip(wrapped, 0)), *others))


def about(made: Made, payload: bytes) -> Made:
    """A manifest and keys made, truly, over another payload."""
    declared = replace(
        made.declared, payload=PayloadFacts(digest=INTL.digest(payload).hex(), size=max(len(payload), HEADER + 16))
    )
    statement = sealing.seal_manifest(declared, FINANCE)
    moved = replace(made, declared=declared, manifest=statement, payload=payload)
    return replace(moved, keys=keys_of(moved))


def not_ended() -> Made:
    """Bytes after the end mark of the records."""
    content_key, payload, facts_ = encrypt(arrow(ROWS) + b"something else", "not ended")
    declared = replace(facts(facts_, content_key))
    statement = sealing.seal_manifest(declared, FINANCE)
    keys = sealing.seal_keys(
        statement, content_key, (CHANGNING_ENCRYPT.certificate,), FINANCE, Seeded("keys not ended")
    )
    return Made(name="", declared=declared, content_key=content_key, manifest=statement, keys=keys, payload=payload)
