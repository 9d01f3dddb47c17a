"""The good papers, and the bad vectors of section 6: releases and nil declarations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gateway import errors
from gateway.envelope import signed
from gateway.envelope.manifest import Kind
from gateway.envelope.papers.endorsement import NIL as NIL_FORM
from gateway.envelope.papers.endorsement import RELEASE, Endorsement
from gateway.envelope.papers.form import encode
from gateway.envelope.papers.order import Order, sign_order
from gateway.errors import YizhanError
from tests.vectors.material import (
    CHANGNING_ENCRYPT,
    CORRECTION,
    NIL,
    ROWS,
    SINGLE,
    Made,
    SampleSigner,
    Vector,
    all_of,
    arrow,
    bad,
    make,
)
from tests.vectors.wrong import forged, resigned, with_stranger, with_unsigned_attribute

REVIEWER, DECLARER = SampleSigner.load("finance/persons/p003"), SampleSigner.load("finance/persons/p004")
CIVIL_REVIEWER, APPROVER = SampleSigner.load("civil/persons/p003"), SampleSigner.load("changning/persons/p101")
CHECKED_AT = datetime.fromisoformat("2026-11-22T08:00:00+08:00")
SIGNED_AT = datetime.fromisoformat("2026-11-09T08:30:00+08:00")
SIX_MINUTES = timedelta(minutes=6)

ORDERED = make(
    "ordered",
    arrow(ROWS),
    (CHANGNING_ENCRYPT.certificate,),
    period="2025-12",
    kind=Kind.CORRECTION,
    revision=2,
    reason="审计查出重复发放一户",
    by="预算股负责人",
    rectification_order="常数整改〔2026〕7号",
    previous=SINGLE.digest,
)
APPROVAL = Order(
    number="常数整改〔2026〕7号",
    centre="changning",
    person="p101",
    departments=("finance",),
    feeds=("finance.onecard",),
    first="2025-01",
    last="2025-12",
    reason="审计整改",
    issued_at=datetime.fromisoformat("2026-11-03T09:00:00+08:00"),
    expires_at=datetime.fromisoformat("2026-12-31T23:59:59+08:00"),
    uses=3,
)


def release_of(made: Made, **changes: object) -> Endorsement:
    """What finance's reviewer says of `made`."""
    said = Endorsement(
        format="yizhan-release/1",
        batch=made.declared.batch_id,
        manifest_digest=made.digest,
        department="finance",
        person="p003",
        at=SIGNED_AT,
    )
    return replace(said, **changes)


def released(made: Made, signer: SampleSigner = REVIEWER, **changes: object) -> bytes:
    """release.p7s, whatever it says, truly signed."""
    return resigned(encode(release_of(made, **changes), RELEASE), signer)


def declared(made: Made, **changes: object) -> bytes:
    """nil.p7s of finance's declarer."""
    said = release_of(made, format="yizhan-nil/1", person="p004", **changes)
    return resigned(encode(said, NIL_FORM), DECLARER)


RELEASED, DECLARED, ORDER = released(SINGLE), declared(NIL), sign_order(APPROVAL, APPROVER)


def good_papers() -> Iterator[Vector]:
    batch = {"manifest": "single", "keys": "single", "payload": "single"}
    yield Vector(
        name="released",
        shows="a reviewer of the sender let it go",
        code=None,
        open_as="changning",
        files={**batch, "release": RELEASED},
    )
    yield Vector(
        name="nil_return",
        shows="no rows, and a person answers for it",
        code=None,
        open_as="changning",
        files=all_of(NIL, nil=DECLARED),
    )
    yield Vector(
        name="ordered",
        shows="a correction of a frozen year: reviewed, and under an order",
        code=None,
        open_as="changning",
        files=all_of(ORDERED, release=released(ORDERED), order=ORDER),
    )
    yield Vector(name="order_alone", shows="an order by itself", code=None, files={"order": "ordered"}, via=("files",))
    yield bad(
        "1.3_release_alone",
        errors.FilesIncomplete,
        "nothing to check the release against",
        {"release": "released"},
        via=("files",),
    )
    yield bad(
        "1.1_release_too_long",
        errors.FileTooLong,
        "16 KiB of zeros after release.p7s",
        {"manifest": "single", "release": RELEASED + bytes(16 * 1024)},
    )


def bad_endorsements() -> Iterator[Vector]:
    def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes, **how: object) -> Vector:
        return bad(name, refusal, shows, {"manifest": "single", "release": data}, **how)

    parts = signed.parse(RELEASED, RELEASE.steps)
    content = parts.content
    yield vector("6.1_truncated", errors.EndorsementNotCms, "the last byte is missing", RELEASED[:-1])
    yield vector(
        "6.2_unsigned_attribute",
        errors.EndorsementNotCanonical,
        "an attribute nobody signed",
        with_unsigned_attribute(RELEASED),
    )
    yield vector(
        "6.2_detached",
        errors.EndorsementNotCanonical,
        "the content is not inside",
        replace(parts, content=None).encode(),
        via=("api",),
    )
    yield vector(
        "6.3_content_changed",
        errors.EndorsementDigestWrong,
        "another hour",
        replace(parts, content=content.replace(b"T08:30", b"T09:30")).encode(),
    )
    yield vector(
        "6.4_certificate_added",
        errors.EndorsementCertificatesWrong,
        "one the signature does not list",
        with_stranger(parts).encode(),
    )
    yield vector("6.5_forged", errors.EndorsementSignatureInvalid, "signed with another key", forged(parts).encode())
    yield vector(
        "6.6_format_2",
        errors.EndorsementFormatUnsupported,
        "yizhan-release/2",
        resigned(content.replace(b"yizhan-release/1", b"yizhan-release/2"), REVIEWER),
    )
    yield vector(
        "6.6_nil_for_release",
        errors.EndorsementFormatUnsupported,
        "a nil declaration in the release's place",
        declared(SINGLE),
        via=("api",),
    )
    yield vector(
        "6.7_unknown_key",
        errors.EndorsementMalformed,
        "a key nobody knows",
        resigned(b'{"a":1,' + content[1:], REVIEWER),
    )
    yield vector(
        "6.7_missing_key",
        errors.EndorsementMalformed,
        "no person",
        resigned(content.replace(b',"person":"p003"', b""), REVIEWER),
    )
    yield from _bad_endorsers()
    yield from _bad_nil_declarations()


def _bad_endorsers() -> Iterator[Vector]:
    """Truly signed and well-formed, and wrong all the same."""

    def vector(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
        return bad(name, refusal, shows, {"manifest": "single", "release": data})

    yield vector(
        "6.8_from_the_future",
        errors.EndorsementFromTheFuture,
        "six minutes after the instant of checking",
        released(SINGLE, at=CHECKED_AT + SIX_MINUTES),
    )
    for stem, refusal in {
        "person_expired": errors.CertificateExpired,
        "person_revoked": errors.CertificateRevoked,
        "person_other_authority": errors.ChainUntrusted,
        "node_used_as_person": errors.PersonMissing,
    }.items():
        signer = SampleSigner.load(f"bad/{stem}")
        yield vector(f"6.9_{stem}", refusal, f"certs/sample/bad/{stem}", released(SINGLE, signer))
    yield vector("6.10_another_person", errors.EndorserNotNamed, "p004 in the name of p003", released(SINGLE, DECLARER))
    yield vector(
        "6.10_another_department",
        errors.EndorserNotNamed,
        "civil's p003 in the name of finance's",
        released(SINGLE, CIVIL_REVIEWER),
    )
    yield vector(
        "6.11_another_manifest",
        errors.EndorsementOfAnotherBatch,
        "the release of the correction",
        released(CORRECTION),
    )
    yield vector(
        "6.11_another_batch",
        errors.EndorsementOfAnotherBatch,
        "the right manifest under another name",
        released(SINGLE, batch=CORRECTION.declared.batch_id),
    )
    yield vector(
        "6.12_another_department",
        errors.EndorserOfAnotherDepartment,
        "civil's reviewer lets finance's batch go",
        released(SINGLE, CIVIL_REVIEWER, department="civil"),
    )
    yield vector(
        "6.13_too_early",
        errors.EndorsementTooEarly,
        "six minutes before the manifest was made",
        released(SINGLE, at=SINGLE.declared.created_at - SIX_MINUTES),
    )


def _bad_nil_declarations() -> Iterator[Vector]:
    yield bad(
        "6.11_nil_of_another",
        errors.EndorsementOfAnotherBatch,
        "a nil declaration of another batch",
        {"manifest": "nil_return", "nil": declared(CORRECTION)},
    )
    yield bad(
        "6.14_nil_with_rows",
        errors.EndorsementMisplaced,
        "a batch with rows is declared nil",
        {"manifest": "single", "nil": declared(SINGLE)},
    )
    yield bad(
        "6.14_nil_missing",
        errors.EndorsementMisplaced,
        "a nil return that nobody signed",
        {"manifest": "nil_return"},
        via=("api",),
    )
