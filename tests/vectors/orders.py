"""The bad vectors of section 7: rectification orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from gateway import errors
from gateway.envelope import signed
from gateway.envelope.papers.form import encode
from gateway.envelope.papers.order import ORDER as ORDER_FORM
from gateway.errors import YizhanError
from tests.vectors.material import SampleSigner, Vector, bad
from tests.vectors.papers import APPROVAL, APPROVER, CHECKED_AT, ORDER, REVIEWER, SIX_MINUTES
from tests.vectors.wrong import forged, resigned, with_stranger, with_unsigned_attribute


def bad_orders() -> Iterator[Vector]:
    parts = signed.parse(ORDER, ORDER_FORM.steps)
    content = parts.content

    yield _order("7.1_truncated", errors.OrderNotCms, "the last byte is missing", ORDER[:-1])
    yield _order(
        "7.2_unsigned_attribute", errors.OrderNotCanonical, "an attribute nobody signed", with_unsigned_attribute(ORDER)
    )
    yield _order(
        "7.3_content_changed",
        errors.OrderDigestWrong,
        "99 uses",
        replace(parts, content=content.replace(b'"uses":3', b'"uses":99')).encode(),
    )
    yield _order(
        "7.4_certificate_added",
        errors.OrderCertificatesWrong,
        "one the signature does not list",
        with_stranger(parts).encode(),
    )
    yield _order("7.5_forged", errors.OrderSignatureInvalid, "signed with another key", forged(parts).encode())
    yield _order(
        "7.6_format_2",
        errors.OrderFormatUnsupported,
        "yizhan-order/2",
        resigned(content.replace(b"yizhan-order/1", b"yizhan-order/2"), APPROVER),
    )
    yield _order("7.7_no_feeds", errors.OrderMalformed, "no feed at all", _says(feeds=()))
    yield _order("7.7_uses", errors.OrderMalformed, "101 uses", _says(uses=101))
    yield _order("7.8_two_cadences", errors.OrderInconsistent, "from a quarter to a month", _says(first="2025Q1"))
    yield _order("7.8_backwards", errors.OrderInconsistent, "from 2026-01 to 2025-12", _says(first="2026-01"))
    yield _order(
        "7.8_too_long",
        errors.OrderInconsistent,
        "a year, a leap day and a second",
        _says(expires_at=APPROVAL.issued_at + timedelta(days=366, seconds=1)),
    )
    yield _order(
        "7.8_expired_when_issued",
        errors.OrderInconsistent,
        "ends as it starts",
        _says(expires_at=APPROVAL.issued_at),
    )
    yield from _bad_approvals()


def _bad_approvals() -> Iterator[Vector]:
    """Truly signed and well-formed, and no approval of this batch all the same."""
    yield _order(
        "7.9_from_the_future",
        errors.OrderFromTheFuture,
        "issued six minutes after the instant of checking",
        _says(issued_at=CHECKED_AT + SIX_MINUTES),
    )
    revoked, node = SampleSigner.load("bad/person_revoked"), SampleSigner.load("changning/sign")
    yield _order("7.10_revoked", errors.CertificateRevoked, "certs/sample/bad/person_revoked", _says(signer=revoked))
    yield _order("7.10_node", errors.PersonMissing, "the centre's machine approves", _says(signer=node))
    yield _order(
        "7.11_department", errors.OrderSignerNotNamed, "the department approves for itself", _says(signer=REVIEWER)
    )
    yield _order("7.11_another_person", errors.OrderSignerNotNamed, "in p102's name", _says(person="p102"))
    yield _order("7.12_another_number", errors.OrderForAnotherBatch, "order 8", _says(number="常数整改〔2026〕8号"))
    yield bad(
        "7.12_not_named",
        errors.OrderForAnotherBatch,
        "an order nobody asked for",
        {"manifest": "single", "order": ORDER},
    )
    yield bad(
        "7.12_missing",
        errors.OrderForAnotherBatch,
        "the manifest names an order, and none came along",
        {"manifest": "ordered"},
        via=("api",),
    )
    yield _order("7.13_feed", errors.OrderOutOfScope, "another feed", _says(feeds=("finance.salary",)))
    yield _order("7.13_department", errors.OrderOutOfScope, "another department", _says(departments=("civil",)))
    yield _order("7.13_period", errors.OrderOutOfScope, "up to the month before", _says(last="2025-11"))
    yield _order("7.13_cadence", errors.OrderOutOfScope, "years", _says(first="2025", last="2026"))
    yield _order(
        "7.14_expired",
        errors.OrderNotInForce,
        "a second too late",
        _says(expires_at=CHECKED_AT - timedelta(seconds=1)),
    )


def _order(name: str, refusal: type[YizhanError], shows: str, data: bytes) -> Vector:
    return bad(name, refusal, shows, {"manifest": "ordered", "order": data})


def _says(signer: SampleSigner = APPROVER, **changes: object) -> bytes:
    return resigned(encode(replace(APPROVAL, **changes), ORDER_FORM), signer)
