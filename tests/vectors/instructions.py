"""The vectors of section 8: an instruction, and every way in which one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from gateway import errors
from gateway.envelope import signed
from gateway.envelope.instruction import INSTRUCTION as FORM
from gateway.envelope.instruction import Instruction, sign_instruction
from gateway.envelope.papers.form import encode
from gateway.errors import YizhanError
from tests.vectors.material import CHANGNING, FINANCE, SampleSigner, Vector
from tests.vectors.papers import CHECKED_AT, SIX_MINUTES
from tests.vectors.wrong import forged, resigned, with_stranger, with_unsigned_attribute

VIA = ("instruction",)
READER, PATHS = "finance", {"finance.onecard": ("changning",), "finance.elsewhere": ("hengyang",)}
"""Who reads them, and the paths of its feeds in its catalogue."""
SAID = Instruction(
    number="20261122-bcdfghjklm",
    centre="changning",
    department=READER,
    action="collect",
    feed="finance.onecard",
    period="2026-10",
    reason="审计整改",
    by="p101",
    order="常数整改〔2026〕7号",
    issued_at=CHECKED_AT - timedelta(hours=1),
    expires_at=CHECKED_AT + timedelta(days=7),
)
RELEASE = replace(
    SAID,
    action="release",
    reason=None,
    order=None,
    by="p003",
    batch="finance.onecard/2026-10/r2",
    digest="5f" * 32,
)
DOCUMENT = sign_instruction(SAID, CHANGNING)


def instructions() -> Iterator[Vector]:
    yield _vector("instruction", None, "to collect again, under an order", DOCUMENT)
    yield _vector("instruction_to_release", None, "a batch, by its digest", sign_instruction(RELEASE, CHANGNING))
    parts = signed.parse(DOCUMENT, FORM.steps)
    content = parts.content
    yield _vector("8.1_truncated", errors.InstructionNotCms, "the last byte is missing", DOCUMENT[:-1])
    yield _vector(
        "8.2_unsigned_attribute",
        errors.InstructionNotCanonical,
        "an attribute nobody signed",
        with_unsigned_attribute(DOCUMENT),
    )
    yield _vector(
        "8.3_content_changed",
        errors.InstructionDigestWrong,
        "another period",
        replace(parts, content=content.replace(b"2026-10", b"2026-09")).encode(),
    )
    yield _vector(
        "8.4_certificate_added",
        errors.InstructionCertificatesWrong,
        "one the signature does not list",
        with_stranger(parts).encode(),
    )
    yield _vector("8.5_forged", errors.InstructionSignatureInvalid, "signed with another key", forged(parts).encode())
    yield _vector(
        "8.6_format_2",
        errors.InstructionFormatUnsupported,
        "yizhan-instruction/2",
        resigned(content.replace(b"yizhan-instruction/1", b"yizhan-instruction/2"), CHANGNING),
    )
    yield _vector(
        "8.7_unknown_key",
        errors.InstructionMalformed,
        "a key that is not ours",
        resigned(content.replace(b'{"action"', b'{"a_command":"rm","action"'), CHANGNING),
    )
    yield _vector(
        "8.7_action",
        errors.InstructionMalformed,
        "an action that is none",
        resigned(content.replace(b'"action":"collect"', b'"action":"execute"'), CHANGNING),
    )
    yield _says("8.8_batch", errors.InstructionInconsistent, "the batch of another feed", RELEASE, period="2026-09")
    yield _says("8.8_no_digest", errors.InstructionInconsistent, "a release of whatever there is", RELEASE, digest=None)
    yield _says("8.8_nobody", errors.InstructionInconsistent, "a reason that is nobody's", SAID, by=None)
    yield _says("8.8_order", errors.InstructionInconsistent, "an order, and no reason", SAID, reason=None)
    yield from _bad_tidings()


def _bad_tidings() -> Iterator[Vector]:
    """Truly signed and well-formed, and nothing to carry out all the same."""
    late = CHECKED_AT + SIX_MINUTES
    yield _says("8.9_from_the_future", errors.InstructionFromTheFuture, "issued in six minutes", SAID, issued_at=late)
    for name, refusal in (
        ("bad/revoked", errors.CertificateRevoked),
        ("changning/tls", errors.KeyUsageWrong),
        ("changning/persons/p101", errors.PersonRefused),
    ):
        signer = SampleSigner.load(name)
        data = resigned(encode(SAID, FORM), signer)
        yield _vector(f"8.10_{name.rpartition('/')[2]}", refusal, f"certs/sample/{name}", data)
    stranger = resigned(encode(SAID, FORM), FINANCE)
    yield _vector("8.11_department", errors.InstructionSignerNotNamed, "a department instructs itself", stranger)
    over = {"issued_at": CHECKED_AT - timedelta(days=7), "expires_at": CHECKED_AT - SIX_MINUTES}
    yield _says("8.12_expired", errors.InstructionOutOfTime, "six minutes too late", SAID, **over)
    yield _says("8.13_another_department", errors.InstructionForAnother, "for civil", SAID, department="civil")
    elsewhere = {"feed": "finance.elsewhere"}
    yield _says("8.14_not_on_the_path", errors.InstructionFromStranger, "goes to hengyang", SAID, **elsewhere)


def _says(name: str, refusal: type[YizhanError], shows: str, good: Instruction, **changes: object) -> Vector:
    return _vector(name, refusal, shows, resigned(encode(replace(good, **changes), FORM), CHANGNING))


def _vector(name: str, refusal: type[YizhanError] | None, shows: str, data: bytes) -> Vector:
    code = refusal.code if refusal else None
    return Vector(name=name, shows=shows, code=code, files={"instruction": data}, via=VIA)
