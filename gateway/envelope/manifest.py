"""The manifest: what a department declares about one batch. ENVELOPE.md section 2 gives each key.

`Manifest` is the data; `read` is the only way from bytes to one, and refuses whatever is not exactly in form or
contradicts itself. Inside, amounts are fen and digests are 64 hex digits.

This module must never see a signature; `sealed` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from gateway.envelope.canonical import (
    STRICT,
    Commitment,
    ControlTotals,
    Count,
    Counts,
    FeedId,
    FieldName,
    Moment,
    Name,
    PeriodText,
    Sha256,
    Sums,
    Text,
    read,
    read_head,
    write,
)
from gateway.envelope.enveloped import MAX_RECIPIENTS
from gateway.envelope.fiscal import MAX_FISCAL_BATCHES, FiscalBatch, broken_rule
from gateway.envelope.payload import MAX_PAYLOAD, MIN_PAYLOAD
from gateway.envelope.suite import SUITES
from gateway.errors import ManifestFormatUnsupported, ManifestInconsistent, ManifestMalformed

FORMAT = "yizhan-batch/1"
MAX_FIELDS = 512
MAX_REVISION = 9999


class Kind(StrEnum):
    """What a batch is: a first push, a nil return (零报送), or a correction (更正)."""

    DATA = "data"
    NIL = "nil"
    CORRECTION = "correction"


@dataclass(frozen=True, kw_only=True)
class ManifestField:
    """One column of the payload, in its order: name and semantic type."""

    __pydantic_config__ = STRICT

    name: FieldName
    type: FieldName


@dataclass(frozen=True, kw_only=True)
class ProblemTotals:
    """The rows set aside at the front-end.

    Attributes:
        rows, sums: their control totals; an amount that could not be read counts 0.
        codes: (problem code YZ-3xxx, how many reasons of it); a row may have several.
    """

    __pydantic_config__ = STRICT

    rows: Count
    sums: Sums = ()
    codes: Counts = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", tuple(sorted(self.sums)))
        object.__setattr__(self, "codes", tuple(sorted(self.codes)))

    @property
    def totals(self) -> ControlTotals:
        return ControlTotals(rows=self.rows, sums=self.sums)


@dataclass(frozen=True, kw_only=True)
class PayloadFacts:
    """SHA-256 of the ciphertext and its length in bytes."""

    __pydantic_config__ = STRICT

    digest: Sha256
    size: Annotated[int, Field(ge=MIN_PAYLOAD, le=MAX_PAYLOAD)]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One feed, one period, one revision.

    Attributes:
        sender: department id. feed, period, revision: the batch. region: GB/T 2260 code of the sender.
        reason, by: why a correction or nil return, and the person responsible (a post or staff number will do).
        released_by: the reviewer. rectification_order: the approval for a frozen year.
        fields, schema_digest: the columns of the payload and the digest of their full schema.
        totals: of the payload. extracted: of what left the source. problems: of what was set aside between the two.
        recipients: ids of the centres on the route.
        reconciliation: of a feed whose source reconciles itself; None of any other.
        landed_at: when the data reached the front-end. created_at: when the batch was sealed.
        previous: digest of the previous revision's manifest.p7s, from revision 2 on.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-batch/1"] = FORMAT
    suite: Literal["intl"] = "intl"
    sender: Name
    region: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3}){0,2}$")]
    feed: FeedId
    period: PeriodText
    revision: Annotated[int, Field(ge=1, le=MAX_REVISION)]
    kind: Kind
    reason: Text | None
    by: Text | None
    released_by: Text | None
    rectification_order: Text | None
    fields: Annotated[tuple[ManifestField, ...], Field(min_length=1, max_length=MAX_FIELDS)]
    schema_digest: Sha256
    totals: ControlTotals
    extracted: ControlTotals
    problems: ProblemTotals
    payload: PayloadFacts
    key_commitment: Commitment
    recipients: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    reconciliation: Annotated[tuple[FiscalBatch, ...], Field(min_length=1, max_length=MAX_FISCAL_BATCHES)] | None
    landed_at: Moment
    created_at: Moment
    previous: Sha256 | None

    @property
    def batch_id(self) -> str:
        """`finance.onecard/2026-10/r1`."""
        return f"{self.feed}/{self.period}/r{self.revision}"


_FORM = TypeAdapter(Manifest)


def encode(manifest: Manifest) -> bytes:
    """Canonical JSON. Says nothing about whether it would be accepted: `read` does."""
    return write(manifest, _FORM)


def decode(content: bytes) -> Manifest:
    """A manifest out of canonical JSON.

    Raises:
        ManifestFormatUnsupported, ManifestMalformed, ManifestInconsistent
    """
    head = read_head(content)
    if head and (head.get("format") != FORMAT or head.get("suite") not in SUITES):
        raise ManifestFormatUnsupported  # ENVELOPE 2.7
    manifest = read(content, _FORM, ManifestMalformed)  # ENVELOPE 2.8
    for holds, zh, en in _rules(manifest):
        if not holds:
            raise ManifestInconsistent(rule_zh=zh, rule_en=en)  # ENVELOPE 2.9
    if manifest.reconciliation is not None and (broken := broken_rule(manifest.reconciliation)) is not None:
        raise ManifestInconsistent(rule_zh=broken[0], rule_en=broken[1])  # ENVELOPE 2.9
    return manifest


def _rules(m: Manifest) -> tuple[tuple[bool, str, str], ...]:
    names = [field.name for field in m.fields]
    money = tuple(sorted(field.name for field in m.fields if field.type == "money"))
    same_fields = m.totals.names == m.extracted.names == m.problems.totals.names == money
    return (
        (len(set(names)) == len(names), "字段名重复", "a field is named twice"),
        (len(set(m.recipients)) == len(m.recipients), "接收中心重复", "a recipient is named twice"),
        (same_fields, "对账数与金额字段不一致", "the control totals are not over the money fields"),
        (same_fields and m.extracted == m.totals + m.problems.totals, *_UNBALANCED),
        (_codes_fit(m.problems), "问题数据与问题代码数不符", "problem rows and problem codes do not agree"),
        (m.kind is not Kind.NIL or m.extracted.is_zero, "零报送却有数据", "a nil return with rows"),
        (_people(m) <= m.extracted.rows, "对账人次多于采集数", "more people reconciled than rows extracted"),
        (m.kind is not Kind.NIL or m.by is not None, "零报送无责任人", "a nil return nobody answers for"),
        (m.kind is not Kind.DATA or m.revision == 1, "首报版次不为 1", "a first push that is not revision 1"),
        (m.kind is not Kind.CORRECTION or m.revision > 1, "更正版次为 1", "a correction that is revision 1"),
        ((m.revision > 1) == (m.previous is not None), "版次与上一版摘要不符", "revision and previous do not agree"),
        (
            m.revision == 1 or (m.reason is not None and m.by is not None),
            "更正无理由或责任人",
            "a correction without reason or person",
        ),
    )


_UNBALANCED = "采集数不等于报送数加问题数", "extracted is not payload plus problems"


def _people(manifest: Manifest) -> int:
    return sum(one.roster.people for one in manifest.reconciliation or ())


def _codes_fit(problems: ProblemTotals) -> bool:
    reasons = sum(count for _, count in problems.codes)
    return reasons >= problems.rows and bool(reasons) == bool(problems.rows)
