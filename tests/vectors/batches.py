"""The bad vectors of sections 1, 3 and 4: files, key envelopes, openings, payloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway import errors
from gateway.envelope import enveloped
from gateway.envelope.payload import HEADER
from gateway.errors import YizhanError
from tests.vectors.material import (
    CIVIL,
    CORRECTION,
    HENGYANG,
    SINGLE,
    SampleSigner,
    Vector,
    all_of,
    bad,
    instead,
)
from tests.vectors.wrong import (
    about,
    flip,
    forged,
    keys_of,
    not_ended,
    rewrapped,
    with_stranger,
    with_unprotected_attribute,
)


def bad_files() -> Iterator[Vector]:
    long_keys = SINGLE.keys + bytes(64 * 1024)
    yield bad("1.1_keys_too_long", errors.FileTooLong, "64 KiB of zeros after keys.p7m", instead(keys=long_keys))
    yield bad(
        "1.2_unknown_file",
        errors.FileUnknown,
        "a text file",
        {"manifest": "single", "other": b"hello\n"},
        via=("files",),
    )
    yield bad(
        "1.3_no_manifest",
        errors.FilesIncomplete,
        "nothing to check the keys against",
        {"keys": "single"},
        via=("files",),
    )


def bad_keys() -> Iterator[Vector]:
    def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
        return bad(name, refusal, shows, instead(keys=data))

    yield vector("3.1_truncated", errors.KeysNotCms, "the last byte is missing", SINGLE.keys[:-1])
    yield vector("3.1_extended", errors.KeysNotCms, "a byte follows", SINGLE.keys + b"\0")
    yield vector(
        "3.2_attribute_added",
        errors.KeysNotCanonical,
        "a second unprotected attribute",
        with_unprotected_attribute(SINGLE.keys),
    )
    yield vector(
        "3.2_no_seal",
        errors.KeysNotCanonical,
        "as openssl would write it",
        replace(enveloped.parse(SINGLE.keys), seal=None).encode(),
    )
    yield vector("3.3_another_batch", errors.KeysOfAnotherBatch, "keys of another batch", CORRECTION.keys)
    yield vector(
        "3.3_changed",
        errors.KeysOfAnotherBatch,
        "a wrapped key is changed",
        rewrapped(enveloped.parse(SINGLE.keys)).encode(),
    )
    yield vector(
        "3.4_certificate_added",
        errors.KeysCertificatesWrong,
        "a certificate the seal does not list",
        keys_of(SINGLE, change_seal=with_stranger),
    )
    yield vector("3.5_forged", errors.KeysSignatureInvalid, "another key", keys_of(SINGLE, change_seal=forged))
    yield vector(
        "3.6_revoked",
        errors.CertificateRevoked,
        "certs/sample/bad/revoked",
        keys_of(SINGLE, signer=SampleSigner.load("bad/revoked")),
    )
    yield vector(
        "3.7_sealed_by_another",
        errors.SealerNotEntitled,
        "another department seals the keys",
        keys_of(SINGLE, signer=CIVIL),
    )


def bad_openings() -> Iterator[Vector]:
    """Only the holder of a private key can tell: verification without one passes."""
    only_api = {"via": ("api",)}
    yield bad(
        "3.8_not_a_recipient", errors.NotARecipient, "hengyang is not named", instead(), open_as="hengyang", **only_api
    )
    yield bad(
        "3.9_no_entry",
        errors.KeyNotForUs,
        "named, but the key is encrypted to hengyang only",
        instead(keys=keys_of(SINGLE, certificate=HENGYANG)),
        open_as="changning",
        **only_api,
    )
    yield bad(
        "3.10_does_not_open",
        errors.KeyUnwrapFailed,
        "the sender sealed a broken wrapped key",
        instead(keys=keys_of(SINGLE, change=rewrapped)),
        open_as="changning",
        **only_api,
    )
    yield bad(
        "3.11_another_key",
        errors.KeyCommitmentWrong,
        "a key the manifest does not commit to",
        instead(keys=keys_of(SINGLE, content_key=bytes(32))),
        open_as="changning",
        **only_api,
    )
    changed = about(SINGLE, flip(SINGLE.payload, HEADER + 5))
    yield bad(
        "4.4_segment_changed",
        errors.PayloadSegmentInvalid,
        "the sender declared a payload that is not authentic",
        all_of(changed),
        open_as="changning",
        **only_api,
    )
    yield bad(
        "4.5_not_ended",
        errors.PayloadNotEnded,
        "bytes after the end of the records",
        all_of(not_ended()),
        open_as="changning",
        **only_api,
    )


def bad_payloads() -> Iterator[Vector]:
    good = SINGLE.payload

    def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
        return bad(name, refusal, shows, instead(payload=data))

    yield vector("4.1_header_cut", errors.PayloadHeaderWrong, "39 bytes", good[: HEADER - 1])
    yield vector("4.2_truncated", errors.PayloadSizeWrong, "the last byte is missing", good[:-1])
    yield vector("4.2_extended", errors.PayloadSizeWrong, "a byte follows", good + b"\0")
    yield vector("4.3_changed", errors.PayloadDigestWrong, "one bit", flip(good, len(good) // 2))
    yield vector(
        "4.3_another_batch", errors.PayloadDigestWrong, "the same rows, sealed for another", CORRECTION.payload
    )
