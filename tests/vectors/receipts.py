"""The bad vectors of section 5: receipts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway import errors
from gateway.envelope import receipt, sealing, signed
from gateway.envelope.canonical import ControlTotals
from gateway.envelope.effect import Effect
from gateway.envelope.suite import INTL
from gateway.errors import YizhanError
from tests.vectors.material import (
    CHANGNING,
    CORRECTION,
    FINANCE,
    NOTHING,
    RECEIPT,
    SINGLE,
    TOTALS,
    SampleSigner,
    Vector,
    answer,
    bad,
    totals,
)
from tests.vectors.wrong import forged, resigned, with_stranger, with_unsigned_attribute


def bad_receipts() -> Iterator[Vector]:
    two = ControlTotals(rows=2, sums=TOTALS.sums)
    said, parts = answer(SINGLE), signed.parse(RECEIPT, receipt.STEPS)
    content = parts.content

    def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
        return bad(name, refusal, shows, {"manifest": "single", "receipt": data})

    def says(**changes: object) -> bytes:
        return resigned(receipt.encode(replace(said, **changes)), CHANGNING)

    yield vector("5.1_truncated", errors.ReceiptNotCms, "the last byte is missing", RECEIPT[:-1])
    yield vector(
        "5.2_unsigned_attribute",
        errors.ReceiptNotCanonical,
        "an attribute nobody signed",
        with_unsigned_attribute(RECEIPT),
    )
    yield vector(
        "5.3_content_changed",
        errors.ReceiptDigestWrong,
        "another day",
        replace(parts, content=content.replace(b"2026-11-09", b"2026-11-08")).encode(),
    )
    yield vector(
        "5.4_certificate_added",
        errors.ReceiptCertificatesWrong,
        "one the signature does not list",
        with_stranger(parts).encode(),
    )
    yield vector("5.5_forged", errors.ReceiptSignatureInvalid, "signed with another key", forged(parts).encode())
    yield vector(
        "5.6_other_authority",
        errors.ChainUntrusted,
        "certs/sample/bad/other_authority",
        resigned(content, SampleSigner.load("bad/other_authority")),
    )
    yield vector(
        "5.7_format_2",
        errors.ReceiptFormatUnsupported,
        "yizhan-receipt/2",
        resigned(content.replace(b"yizhan-receipt/1", b"yizhan-receipt/2"), CHANGNING),
    )
    yield vector(
        "5.8_missing_key",
        errors.ReceiptMalformed,
        "no balanced",
        resigned(content.replace(b'"balanced":true,', b""), CHANGNING),
    )
    yield vector(
        "5.9_not_balanced",
        errors.ReceiptInconsistent,
        "called balanced, and a row is missing",
        says(loaded=ControlTotals(rows=2, sums=TOTALS.sums)),
    )
    for name, shows, effect in _bad_effects(said.effect):
        yield vector(f"5.9_effect_{name}", errors.ReceiptInconsistent, shows, says(effect=effect))
    yield vector("5.10_department", errors.SignerNotCentre, "the sender answers itself", resigned(content, FINANCE))
    stranger = receipt.encode(replace(said, centre="hengyang"))
    yield vector("5.10_another_centre", errors.SignerNotCentre, "in hengyang's name", resigned(stranger, CHANGNING))
    yield bad(
        "5.11_not_a_recipient",
        errors.ReceiptFromStranger,
        "a centre the manifest does not name",
        {
            "manifest": (other := sealing.seal_manifest(replace(SINGLE.declared, recipients=("hengyang",)), FINANCE)),
            "receipt": says(manifest_digest=INTL.digest(other).hex()),
        },
    )
    yield vector(
        "5.12_another_manifest",
        errors.ReceiptForAnotherBatch,
        "the receipt of the correction",
        receipt.issue_receipt(answer(CORRECTION), CHANGNING),
    )
    yield vector(
        "5.13_another_payload",
        errors.ReceiptForAnotherPayload,
        "the right manifest, another payload",
        says(payload_digest=CORRECTION.declared.payload.digest),
    )
    yield vector(
        "5.14_counted_less",
        errors.ReceiptTotalsWrong,
        "the centre counted two rows",
        says(counted=ControlTotals(rows=2, sums=TOTALS.sums)),
    )
    yield vector(
        "5.14_unbalanced",
        errors.ReceiptTotalsWrong,
        "the centre says so itself",
        says(balanced=False, loaded=two, effect=replace(said.effect, added=two)),
    )


def _bad_effects(good: Effect) -> Iterator[tuple[str, str, Effect]]:
    yield "without_the_replaced", "a changed row took nothing's place", replace(good, added=NOTHING, changed=TOTALS)
    yield "without_the_changed", "a row was replaced by nothing", replace(good, replaced=totals(1, 10_000))
    yield "more_than_loaded", "four rows added, three loaded", replace(good, added=totals(4, 60_005))
    yield "another_sum", "a fen more added than loaded", replace(good, added=totals(3, 60_006))
    yield "other_fields", "removed amounts of a field nobody counts", replace(good, removed=ControlTotals(rows=0))
