"""The receipt: a centre's signed answer that a batch is loaded. ENVELOPE.md section 5.

    left the source (`sent`) = `loaded` + `problem` + `duplicate`        in rows and in fen, or the batch is unbalanced
    travelled (`counted`)    = the payload's rows, counted again by the centre
    `effect`                 = what the loaded rows, and the absence of others, changed in what the centre believes

This module must never issue a receipt for a load that may still be undone: the caller issues it inside the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from gateway.envelope import der, signed
from gateway.envelope.canonical import (
    STRICT,
    BatchId,
    ControlTotals,
    Count,
    Moment,
    Name,
    Sha256,
    read,
    read_head,
    write,
)
from gateway.envelope.effect import Effect
from gateway.envelope.manifest import Manifest
from gateway.envelope.parties import Identity, Signer, Trust
from gateway.envelope.sealed import Declared
from gateway.envelope.suite import INTL
from gateway.errors import (
    ReceiptCertificatesWrong,
    ReceiptDigestWrong,
    ReceiptForAnotherBatch,
    ReceiptForAnotherPayload,
    ReceiptFormatUnsupported,
    ReceiptFromStranger,
    ReceiptInconsistent,
    ReceiptMalformed,
    ReceiptNotCanonical,
    ReceiptNotCms,
    ReceiptRefused,
    ReceiptSignatureInvalid,
    ReceiptTotalsWrong,
    SealRefused,
    SignerNotCentre,
)

FORMAT = "yizhan-receipt/1"
MAX_RECEIPT = 256 * 1024
"""Bytes of receipt.p7s."""

STEPS = signed.Steps(
    not_cms=ReceiptNotCms,
    not_canonical=ReceiptNotCanonical,
    digest=ReceiptDigestWrong,
    certificates=ReceiptCertificatesWrong,
    signature=ReceiptSignatureInvalid,
)


@dataclass(frozen=True, kw_only=True)
class LedgerPlace:
    """Where the centre's ledger says so: the load's event number and its chain hash (64 hex digits)."""

    __pydantic_config__ = STRICT

    position: Count
    head: Sha256


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the centre says about one batch.

    Attributes:
        centre: centre id. batch: `feed/period/rN`.
        manifest_digest, payload_digest: SHA-256 of manifest.p7s and of the payload, 64 hex digits.
        sent: what left the source (the manifest's `extracted`).
        counted: what the centre counted itself in the payload.
        loaded, problem, duplicate: what became of `sent`; problem rows were set aside at either end.
        effect: rows and fen added, changed, replaced and removed at the centre.
        balanced: whether `counted` is loaded + duplicate + the centre's own problem rows, and `sent` adds up.
        ledger: the centre's ledger after the load. accepted_at: when all was verified and the load began.
    """

    __pydantic_config__ = STRICT

    format: Literal["yizhan-receipt/1"] = FORMAT
    centre: Name
    batch: BatchId
    manifest_digest: Sha256
    payload_digest: Sha256
    sent: ControlTotals
    counted: ControlTotals
    loaded: ControlTotals
    problem: ControlTotals
    duplicate: ControlTotals
    effect: Effect
    balanced: bool
    ledger: LedgerPlace
    accepted_at: Moment

    @property
    def adds_up(self) -> bool:
        """sent = loaded + problem + duplicate, in rows and in fen."""
        return self.sent == self.loaded + self.problem + self.duplicate


_FORM = TypeAdapter(Receipt)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A verified receipt.

    Attributes:
        receipt: what it says. signer: the centre that signed it. digest: SHA-256 of receipt.p7s, 64 hex digits.
    """

    receipt: Receipt
    signer: Identity
    digest: str


def encode(receipt: Receipt) -> bytes:
    """Canonical JSON."""
    return write(receipt, _FORM)


def decode(content: bytes) -> Receipt:
    """A receipt out of canonical JSON.

    Raises:
        ReceiptFormatUnsupported, ReceiptMalformed, ReceiptInconsistent
    """
    head = read_head(content)
    if head and head.get("format") != FORMAT:
        raise ReceiptFormatUnsupported  # ENVELOPE 5.7
    receipt = read(content, _FORM, ReceiptMalformed)  # ENVELOPE 5.8
    _require_consistent(receipt)
    return receipt


def _require_consistent(receipt: Receipt) -> None:
    all_totals = (receipt.sent, receipt.counted, receipt.loaded, receipt.problem, receipt.duplicate)
    if len({totals.names for totals in (*all_totals, *receipt.effect.totals)}) != 1:
        raise ReceiptInconsistent(
            rule_zh="对账数字段不一致", rule_en="its totals are over different fields"
        )  # ENVELOPE 5.9
    if receipt.balanced and not receipt.adds_up:
        raise ReceiptInconsistent(rule_zh="称已平衡而不平", rule_en="called balanced, but it is not")  # ENVELOPE 5.9
    if not receipt.effect.fits(receipt.loaded):
        raise ReceiptInconsistent(
            rule_zh="净变化与入库数不符", rule_en="its effect cannot be that of what was loaded"
        )  # ENVELOPE 5.9


def issue_receipt(receipt: Receipt, signer: Signer) -> bytes:
    """Sign a receipt: the bytes of receipt.p7s.

    Raises:
        SealRefused: it would be refused by whoever reads it.
    """
    content = encode(receipt)
    try:
        same = decode(content) == receipt
    except ReceiptRefused as error:
        raise signed.seal_refused(error) from None
    if not same:
        raise SealRefused(reason_zh="回执不能原样写出", reason_en="the receipt cannot be written without a change")
    return signed.sign(content, signer).encode()


def read_receipt(data: bytes, trust: Trust, at: datetime) -> Answer:
    """Verify a receipt by itself: genuine, well-formed, from the centre it names. Steps 5.1 to 5.10.

    Raises:
        FileTooLong; ReceiptRefused (YZ-4501 to YZ-4510); YZ-5xxx from `trust`.
    """
    message, content = _parse(data)
    signer = signed.verify(message, content, STEPS, trust, at)
    receipt = decode(content)
    if (signer.party, signer.id) != ("centre", receipt.centre):
        raise SignerNotCentre(signer=signer.id, centre=receipt.centre)  # ENVELOPE 5.10
    return Answer(receipt=receipt, signer=signer, digest=INTL.digest(data).hex())


def peek(data: bytes) -> Receipt:
    """What a receipt says, whoever wrote it: for looking, never for deciding.

    Raises:
        FileTooLong, ReceiptNotCms, ReceiptNotCanonical, ReceiptFormatUnsupported, ReceiptMalformed, ReceiptInconsistent
    """
    return decode(_parse(data)[1])


def _parse(data: bytes) -> tuple[signed.SignedMessage, bytes]:
    der.bounded(data, "receipt.p7s", MAX_RECEIPT)
    message = signed.parse(data, STEPS)
    if message.content is None:
        raise ReceiptNotCanonical  # ENVELOPE 5.2
    return message, message.content


def check_receipt(data: bytes, declared: Declared, trust: Trust, at: datetime) -> Answer:
    """Verify that a receipt answers this batch and that everything in it balances. Steps 5.1 to 5.14.

    Raises:
        FileTooLong; ReceiptRefused (YZ-4501 to YZ-4514); YZ-5xxx from `trust`.
    """
    answer = read_receipt(data, trust, at)
    match_receipt(answer, declared)
    return answer


def match_receipt(answer: Answer, declared: Declared) -> None:
    """Raise unless a verified receipt answers this verified manifest. Steps 5.11 to 5.14.

    Raises:
        ReceiptFromStranger, ReceiptForAnotherBatch, ReceiptForAnotherPayload, ReceiptTotalsWrong
    """
    receipt, manifest = answer.receipt, declared.manifest
    if receipt.centre not in manifest.recipients:
        raise ReceiptFromStranger(centre=receipt.centre, batch=manifest.batch_id)  # ENVELOPE 5.11
    if (receipt.manifest_digest, receipt.batch) != (declared.digest, manifest.batch_id):
        raise ReceiptForAnotherBatch(batch=manifest.batch_id)  # ENVELOPE 5.12
    if receipt.payload_digest != manifest.payload.digest:
        raise ReceiptForAnotherPayload(batch=manifest.batch_id)  # ENVELOPE 5.13
    for holds, zh, en in _balance(receipt, manifest):
        if not holds:
            raise ReceiptTotalsWrong(batch=manifest.batch_id, rule_zh=zh, rule_en=en)  # ENVELOPE 5.14


def _balance(receipt: Receipt, manifest: Manifest) -> tuple[tuple[bool, str, str], ...]:
    set_aside = manifest.problems.rows
    return (
        (receipt.sent == manifest.extracted, "送出数与清单不符", "sent is not what the manifest says was extracted"),
        (receipt.counted == manifest.totals, "实点数与清单不符", "counted is not what the manifest says was sent"),
        (receipt.problem.rows >= set_aside, "问题数少于清单所列", "fewer problem rows than the manifest lists"),
        (receipt.adds_up, "送出不等于入库加问题加重复", "sent is not loaded plus problem plus duplicate"),
        (receipt.balanced, "中心自报不平", "the centre itself calls it unbalanced"),
    )
