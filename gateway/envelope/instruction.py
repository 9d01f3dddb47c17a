"""The instruction (指令): what a centre's office tells one department's front-end to do. ENVELOPE.md section 8.

It travels with no batch. The centre's own certificate signs it, as it does a receipt, so it is judged at the instant of
checking: what a revoked key signs is nobody's instruction. Whether it was fetched, carried out or withdrawn, the
centre's table says; this module must never decide it, and an instruction never overrules a rule of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope import signed
from gateway.envelope.canonical import STRICT, BatchId, FeedId, Moment, Name, Number, PeriodText, Sha256, Text
from gateway.envelope.papers.form import CLOCK_SKEW, Form, open_paper, sign_paper
from gateway.envelope.papers.form import peek as peek_paper
from gateway.envelope.parties import Signer, Trust
from gateway.errors import (
    InstructionCertificatesWrong,
    InstructionDigestWrong,
    InstructionForAnother,
    InstructionFormatUnsupported,
    InstructionFromStranger,
    InstructionFromTheFuture,
    InstructionInconsistent,
    InstructionMalformed,
    InstructionNotCanonical,
    InstructionNotCms,
    InstructionOutOfTime,
    InstructionSignatureInvalid,
    InstructionSignerNotNamed,
)

FORMAT = "yizhan-instruction/1"
MAX_LIFE = timedelta(days=31)
"""A month's work is instructed within the month."""

Action = Literal["collect", "deliver", "release", "hold"]
InstructionNumber = Annotated[str, Field(pattern=r"^[0-9]{8}-[a-z]{10}$")]
"""The day of issue in Beijing and ten letters at random: no two are alike, also where a database was restored."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What is to be done.

    Attributes:
        number: see `InstructionNumber`. centre, department: who tells whom, ids of the catalogue.
        action: `collect` this feed and period and deliver what comes of it; `deliver` what waits of it; `release` or
            `hold` the batch.
        feed, period: what it is about.
        reason: why the data is collected again, or the batch held. by: who wants it, as the ledger will say; of a
            release the staff number of the department's reviewer, who has looked at the batch.
        order: number of the rectification order (整改单) under which to collect.
        batch, digest: which batch, `feed/period/rN`, and SHA-256 of its manifest.p7s, 64 hex digits.
        issued_at, expires_at: its life, at most MAX_LIFE; whoever has not begun by its end does not begin.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-instruction/1"] = FORMAT
    number: InstructionNumber
    centre: Name
    department: Name
    action: Action
    feed: FeedId
    period: PeriodText
    reason: Text | None = None
    by: Text | None = None
    order: Number | None = None
    batch: BatchId | None = None
    digest: Sha256 | None = None
    issued_at: Moment
    expires_at: Moment


def _rules(said: Instruction) -> tuple[tuple[bool, str, str], ...]:
    about_batch = said.action in ("release", "hold")
    named = said.batch is not None and said.batch.startswith(f"{said.feed}/{said.period}/")
    release, collect = said.action == "release", said.action == "collect"
    return (
        (named if about_batch else said.batch is None, "批次与事项、数据期或动作不符", "its batch does not go with it"),
        (release or said.digest is None or said.action == "hold", "摘要与动作不符", "this action has no digest"),
        (not release or None not in (said.digest, said.by), "放行未指明摘要与审核人",
         "a release names digest and reviewer"),
        (not release or said.reason is None, "放行不写理由", "a release has no reason"),
        (said.action != "hold" or said.reason is not None, "留置未写理由", "a hold has a reason"),
        (said.action != "deliver" or said.reason is None, "送达不写理由", "a delivery has no reason"),
        (not collect or said.reason is None or said.by is not None, "有理由而无经办人", "a reason is somebody's"),
        (said.order is None or (collect and said.reason is not None), "整改单须用于有理由的归集",
         "an order is for collecting with a reason"),
        (said.issued_at < said.expires_at, "失效早于签发", "it expires before it is issued"),
        (said.expires_at - said.issued_at <= MAX_LIFE, "有效期超过一月", "it is meant to last more than a month"),
    )  # fmt: skip


def _check_rules(said: Instruction) -> None:
    for holds, zh, en in _rules(said):
        if not holds:
            raise InstructionInconsistent(rule_zh=zh, rule_en=en)  # ENVELOPE 8.8


INSTRUCTION = Form(
    file="instruction.p7s",
    format=FORMAT,
    shape=TypeAdapter(Instruction),
    steps=signed.Steps(
        not_cms=InstructionNotCms,
        not_canonical=InstructionNotCanonical,
        digest=InstructionDigestWrong,
        certificates=InstructionCertificatesWrong,
        signature=InstructionSignatureInvalid,
    ),
    unsupported=InstructionFormatUnsupported,
    malformed=InstructionMalformed,
    rules=_check_rules,
)


def sign_instruction(instruction: Instruction, signer: Signer) -> bytes:
    """Issue an instruction: the bytes of instruction.p7s.

    Args:
        signer: the centre's signing key, as for receipts.

    Raises:
        SealRefused: it would be refused by whoever reads it.
    """
    return sign_paper(instruction, INSTRUCTION, signer)


def read_instruction(data: bytes, trust: Trust, at: datetime) -> Instruction:
    """Verify an instruction by itself: genuine, well-formed, in time, by the centre it names. Steps 8.1 to 8.12.

    Args:
        at: the instant of checking, which also counts for the certificate.

    Raises:
        FileTooLong; InstructionRefused (YZ-4801 to YZ-4812); YZ-5xxx from `trust`.
    """
    said = read_instruction_at_any_time(data, trust, at)
    if at > said.expires_at + CLOCK_SKEW:
        raise InstructionOutOfTime(number=said.number, expires_at=said.expires_at.isoformat())  # ENVELOPE 8.12
    return said


def read_instruction_at_any_time(data: bytes, trust: Trust, at: datetime) -> Instruction:
    """The same for one that was begun in time and is carried on: steps 8.1 to 8.11.

    Raises:
        As `read_instruction`, but for InstructionOutOfTime.
    """
    said, (own, *others) = open_paper(data, INSTRUCTION)
    if said.issued_at > at + CLOCK_SKEW:
        raise InstructionFromTheFuture(number=said.number, issued_at=said.issued_at.isoformat())  # ENVELOPE 8.9
    signer = trust.verify(own, tuple(others), "sign", at)  # ENVELOPE 8.10
    if (signer.party, signer.id) != ("centre", said.centre):
        raise InstructionSignerNotNamed(signer=str(signer), centre=said.centre)  # ENVELOPE 8.11
    return said


def match_instruction(said: Instruction, department: str, path: Sequence[str]) -> None:
    """Raise unless a verified instruction is for this department, by a centre on the feed's path.

    Args:
        department: the reader's own.
        path: centres that the feed's batches pass, of the reader's own catalogue.

    Raises:
        InstructionForAnother, InstructionFromStranger
    """
    if said.department != department:
        raise InstructionForAnother(number=said.number, department=said.department)  # ENVELOPE 8.13
    if said.centre not in path:
        raise InstructionFromStranger(number=said.number, centre=said.centre, feed=said.feed)  # ENVELOPE 8.14


def require_intact(data: bytes) -> None:
    """Raise unless a kept instruction is still as somebody signed it; whether that somebody may is not asked.

    Raises:
        FileTooLong; InstructionRefused (steps 8.1 to 8.8).
    """
    open_paper(data, INSTRUCTION)


def peek(data: bytes) -> Instruction:
    """What an instruction says, whoever wrote it: for the centre's own table and for looking, never for deciding.

    Raises:
        FileTooLong; InstructionRefused (steps 8.1, 8.2, 8.6 to 8.8).
    """
    return peek_paper(data, INSTRUCTION)
