"""The bad vectors of section 2: manifests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway import errors
from gateway.envelope import manifest, sealed
from gateway.envelope.fiscal import FiscalBatch
from gateway.errors import YizhanError
from tests.vectors.material import (
    CHANGNING,
    CIVIL,
    CORRECTION,
    FINANCE,
    FISCAL,
    RECONCILED,
    SINGLE,
    TOTALS,
    SampleSigner,
    Vector,
    bad,
    instead,
)
from tests.vectors.wrong import (
    forged,
    high_s,
    resigned,
    with_stranger,
    with_unsigned_attribute,
)


def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
    return bad(name, refusal, shows, instead(manifest=data))


def bad_manifest_signatures() -> Iterator[Vector]:
    content = sealed.parse_manifest(SINGLE.manifest).content
    parts = sealed.parse_manifest(SINGLE.manifest)

    yield vector("2.1_truncated", errors.ManifestNotCms, "the last byte is missing", SINGLE.manifest[:-1])
    yield vector("2.1_extended", errors.ManifestNotCms, "a byte follows", SINGLE.manifest + b"\0")
    yield vector(
        "2.2_unsigned_attribute",
        errors.ManifestNotCanonical,
        "an attribute nobody signed",
        with_unsigned_attribute(SINGLE.manifest),
    )
    yield vector(
        "2.2_detached", errors.ManifestNotCanonical, "the content is not inside", replace(parts, content=None).encode()
    )
    yield vector(
        "2.3_content_changed",
        errors.ManifestDigestWrong,
        "600.05 yuan became 900.05",
        replace(parts, content=content.replace(b'"600.05"', b'"900.05"')).encode(),
    )
    yield vector(
        "2.4_certificate_added",
        errors.ManifestCertificatesWrong,
        "a certificate the signature does not list",
        with_stranger(parts).encode(),
    )
    yield vector(
        "2.4_certificate_missing",
        errors.ManifestCertificatesWrong,
        "the intermediate is left out",
        replace(parts, certificates=(FINANCE.certificate,)).encode(),
    )
    yield vector("2.5_forged", errors.ManifestSignatureInvalid, "signed with another key", forged(parts).encode())
    yield vector("2.5_high_s", errors.ManifestSignatureInvalid, "s in the upper half", high_s(parts).encode())
    for stem, refusal in {
        "other_authority": errors.ChainUntrusted,
        "expired": errors.CertificateExpired,
        "revoked": errors.CertificateRevoked,
        "connection_used_to_sign": errors.KeyUsageWrong,
        "person_used_to_seal": errors.PersonRefused,
    }.items():
        signer = SampleSigner.load(f"bad/{stem}")
        yield vector(f"2.6_{stem}", refusal, f"certs/sample/bad/{stem}", resigned(content, signer))


def bad_manifest_contents() -> Iterator[Vector]:
    """Truly signed, and wrong all the same."""
    content = sealed.parse_manifest(SINGLE.manifest).content
    declared = SINGLE.declared
    yield vector(
        "2.7_format_2",
        errors.ManifestFormatUnsupported,
        "yizhan-batch/2",
        resigned(content.replace(b"yizhan-batch/1", b"yizhan-batch/2")),
    )
    yield vector(
        "2.7_suite_unknown",
        errors.ManifestFormatUnsupported,
        "suite xx",
        resigned(content.replace(b'"suite":"intl"', b'"suite":"xx"')),
    )
    yield vector(
        "2.8_duplicate_key",
        errors.ManifestMalformed,
        "period twice",
        resigned(content.replace(b'"period":"2026-10"', b'"period":"2026-10","period":"2026-10"')),
    )
    yield vector("2.8_unknown_key", errors.ManifestMalformed, "a key nobody knows", resigned(b'{"a":1,' + content[1:]))
    yield vector(
        "2.8_missing_key", errors.ManifestMalformed, "no previous", resigned(content.replace(b'"previous":null,', b""))
    )
    yield vector(
        "2.8_white_space", errors.ManifestMalformed, "not canonical", resigned(content.replace(b'":', b'": ', 1))
    )
    yield vector(
        "2.8_number_as_float",
        errors.ManifestMalformed,
        "revision 1.0",
        resigned(content.replace(b'"revision":1', b'"revision":1.0')),
    )
    yield vector(
        "2.9_unbalanced",
        errors.ManifestInconsistent,
        "extracted is not payload plus problems",
        resigned(manifest.encode(replace(declared, extracted=TOTALS))),
    )
    yield vector(
        "2.9_correction_without_reason",
        errors.ManifestInconsistent,
        "revision 2 gives no reason",
        resigned(manifest.encode(replace(CORRECTION.declared, reason=None))),
    )
    yield from _bad_reconciliations()
    yield vector("2.10_signed_by_another", errors.SignerNotSender, "civil for finance", resigned(content, CIVIL))
    yield vector("2.10_signed_by_a_centre", errors.SignerNotSender, "a centre signs", resigned(content, CHANGNING))


def _bad_reconciliations() -> Iterator[Vector]:
    content = sealed.parse_manifest(RECONCILED.manifest).content
    first, second = FISCAL

    def stated(*batches: FiscalBatch) -> bytes:
        return resigned(manifest.encode(replace(RECONCILED.declared, reconciliation=batches)))

    yield vector(
        "2.8_reconciliation_empty",
        errors.ManifestMalformed,
        "a reconciliation of nothing is null",
        stated(),
    )
    yield vector(
        "2.8_reconciliation_amount_as_number",
        errors.ManifestMalformed,
        "yuan without quotes",
        resigned(content.replace(b'"amount":"500.05"', b'"amount":500.05', 1)),
    )
    yield vector(
        "2.9_reconciliation_unbalanced",
        errors.ManifestInconsistent,
        "one fen succeeded more than the roster holds",
        stated(replace(first, succeeded=replace(first.succeeded, amount=20_006)), second),
    )
    yield vector(
        "2.9_reconciliation_declared",
        errors.ManifestInconsistent,
        "the fiscal batch declares one person more",
        stated(replace(first, declared=replace(first.roster, people=4)), second),
    )
    yield vector(
        "2.9_reconciliation_repeated",
        errors.ManifestInconsistent,
        "a fiscal batch twice",
        stated(first, first),
    )
    yield vector(
        "2.9_reconciliation_more_people",
        errors.ManifestInconsistent,
        "more people reconciled than rows extracted",
        stated(first, replace(first, document=second.document)),
    )
