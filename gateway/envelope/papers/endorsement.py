"""Endorsements: what one person of the sending department signs about one finished manifest. ENVELOPE.md section 6.

    release   a reviewer has checked this batch and lets it go (审核放行)
    nil       somebody answers for it that this period has no rows (零报送)

Both name the manifest by its digest, so they are signed after it and cannot stand inside it. Whether the person has the
duty, and is another than the collector, the catalogue says; this module must never decide it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from pydantic import TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, BatchId, Moment, Name, Sha256
from gateway.envelope.manifest import Kind
from gateway.envelope.papers.form import CLOCK_SKEW, Form, open_paper, sign_paper
from gateway.envelope.parties import Identity, Signer, Trust
from gateway.envelope.sealed import Declared
from gateway.errors import (
    EndorsementCertificatesWrong,
    EndorsementDigestWrong,
    EndorsementFormatUnsupported,
    EndorsementFromTheFuture,
    EndorsementMalformed,
    EndorsementMisplaced,
    EndorsementNotCanonical,
    EndorsementNotCms,
    EndorsementOfAnotherBatch,
    EndorsementRefused,
    EndorsementSignatureInvalid,
    EndorsementTooEarly,
    EndorserNotNamed,
    EndorserOfAnotherDepartment,
    SealRefused,
)


@dataclass(frozen=True, kw_only=True)
class Endorsement:
    """What a release or a nil declaration says; unverified.

    Attributes:
        batch, manifest_digest: `feed/period/rN`, and SHA-256 of manifest.p7s, 64 hex digits.
        department, person: who signs: department id and staff number. at: when.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-release/1", "yizhan-nil/1"]
    batch: BatchId
    manifest_digest: Sha256
    department: Name
    person: Name
    at: Moment


@dataclass(frozen=True, kw_only=True)
class Endorsed:
    """A verified endorsement; only `read_endorsement` makes one. Attributes as in `Endorsement`."""

    batch: str
    manifest_digest: str
    department: str
    person: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Act(Form[Endorsement]):
    """A kind of endorsement, and what it is called in messages."""

    zh: str
    en: str


def _act(file: str, written: str, zh: str, en: str) -> Act:
    def refusal(kind: type[EndorsementRefused]) -> partial[EndorsementRefused]:
        return partial(kind, paper_zh=zh, paper_en=en)

    steps = signed.Steps(
        not_cms=refusal(EndorsementNotCms),
        not_canonical=refusal(EndorsementNotCanonical),
        digest=refusal(EndorsementDigestWrong),
        certificates=refusal(EndorsementCertificatesWrong),
        signature=refusal(EndorsementSignatureInvalid),
    )
    return Act(
        file=file,
        format=written,
        shape=TypeAdapter(Endorsement),
        steps=steps,
        unsupported=refusal(EndorsementFormatUnsupported),
        malformed=refusal(EndorsementMalformed),
        zh=zh,
        en=en,
    )


RELEASE = _act("release.p7s", "yizhan-release/1", "放行单", "release")
NIL = _act("nil.p7s", "yizhan-nil/1", "零报送声明", "nil declaration")


def sign_release(declared: Declared, person: Identity, signer: Signer, at: datetime) -> bytes:
    """Let this batch go: the bytes of release.p7s.

    Args:
        person: whom `signer`'s certificate speaks for.

    Raises:
        SealRefused: it would be refused by whoever reads it.
    """
    return _sign(declared, person, signer, at, RELEASE)


def sign_nil(declared: Declared, person: Identity, signer: Signer, at: datetime) -> bytes:
    """Answer for a nil return: the bytes of nil.p7s. Arguments and errors as `sign_release`."""
    return _sign(declared, person, signer, at, NIL)


def check_release(data: bytes, declared: Declared, trust: Trust, at: datetime) -> Endorsed:
    """Verify that this batch was released by a person of its sender. Steps 6.1 to 6.14.

    Args:
        at: the instant of checking. The certificate is judged at the instant of signing, which may not be later.

    Raises:
        FileTooLong; EndorsementRefused (YZ-4601 to YZ-4614); YZ-5xxx from `trust`.
    """
    return _check(data, declared, trust, at, RELEASE)


def check_nil(data: bytes, declared: Declared, trust: Trust, at: datetime) -> Endorsed:
    """Verify that a person of the sender answers for this nil return. Arguments and errors as `check_release`."""
    return _check(data, declared, trust, at, NIL)


def _sign(declared: Declared, person: Identity, signer: Signer, at: datetime, act: Act) -> bytes:
    if person.party != "department" or person.person is None:
        raise SealRefused(
            reason_zh=f"{act.zh}须由部门人员签署", reason_en=f"a {act.en} is signed by a person of a department"
        )
    facts = {
        "batch": declared.manifest.batch_id,
        "manifest_digest": declared.digest,
        "department": person.id,
        "person": person.person,
        "at": at,
    }
    try:
        match_endorsement(Endorsed(**facts), declared, act)
    except EndorsementRefused as error:
        raise signed.seal_refused(error) from None
    return sign_paper(Endorsement(format=act.format, **facts), act, signer)


def _check(data: bytes, declared: Declared, trust: Trust, at: datetime, act: Act) -> Endorsed:
    endorsed = read_endorsement(data, trust, at, act)
    match_endorsement(endorsed, declared, act)
    return endorsed


def read_endorsement(data: bytes, trust: Trust, at: datetime, act: Act) -> Endorsed:
    """Verify an endorsement by itself: genuine, well-formed, by the person it names. Steps 6.1 to 6.10.

    Raises:
        FileTooLong; EndorsementRefused (YZ-4601 to YZ-4610); YZ-5xxx from `trust`.
    """
    said, (own, *others) = open_paper(data, act)
    if said.at > at + CLOCK_SKEW:
        raise EndorsementFromTheFuture(at=said.at.isoformat(), **_words(act))  # ENVELOPE 6.8
    signer = trust.verify(own, tuple(others), "person", said.at)  # ENVELOPE 6.9
    if (signer.party, signer.id, signer.person) != ("department", said.department, said.person):
        named = f"department:{said.department}:person:{said.person}"
        raise EndorserNotNamed(signer=str(signer), named=named, **_words(act))  # ENVELOPE 6.10
    return Endorsed(
        batch=said.batch,
        manifest_digest=said.manifest_digest,
        department=said.department,
        person=said.person,
        at=said.at,
    )


def match_endorsement(endorsed: Endorsed, declared: Declared, act: Act) -> None:
    """Raise unless a verified endorsement is about this verified manifest. Steps 6.11 to 6.14.

    Raises:
        EndorsementOfAnotherBatch, EndorserOfAnotherDepartment, EndorsementTooEarly, EndorsementMisplaced
    """
    manifest, words = declared.manifest, _words(act)
    if (endorsed.manifest_digest, endorsed.batch) != (declared.digest, manifest.batch_id):
        raise EndorsementOfAnotherBatch(batch=manifest.batch_id, **words)  # ENVELOPE 6.11
    if endorsed.department != manifest.sender:
        raise EndorserOfAnotherDepartment(
            department=endorsed.department, sender=manifest.sender, **words
        )  # ENVELOPE 6.12
    if endorsed.at < manifest.created_at - CLOCK_SKEW:
        raise EndorsementTooEarly(
            at=endorsed.at.isoformat(), created_at=manifest.created_at.isoformat(), **words
        )  # ENVELOPE 6.13
    if act is NIL and manifest.kind is not Kind.NIL:
        raise misplaced(declared, "不是零报送", "it is no nil return")  # ENVELOPE 6.14


def misplaced(declared: Declared, zh: str, en: str) -> EndorsementMisplaced:
    """A nil declaration where none belongs, or none where one does."""
    return EndorsementMisplaced(batch=declared.manifest.batch_id, rule_zh=zh, rule_en=en, **_words(NIL))


def _words(act: Act) -> dict[str, str]:
    return {"paper_zh": act.zh, "paper_en": act.en}
