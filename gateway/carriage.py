"""Sending one sealed batch to a centre: what a department's front-end and a centre that sends upward do alike.

Nothing leaves that is not what was sealed, nothing counts as delivered without a verified receipt, and what did not
work is told apart by who has to act. Must never open a connection, move an entry or write into a ledger.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer, check_receipt
from gateway.envelope.sealed import Batch
from gateway.errors import (
    EntryDamaged,
    EnvelopeRefused,
    PayloadChanged,
    PeerRefused,
    ReceiptRefused,
    Retry,
    YizhanError,
)
from gateway.gate import untouched
from gateway.ledger import Detail, EventKind
from gateway.presence import milliseconds
from gateway.spool import Claim, Entry

_BATCH_FAULTS = (PeerRefused, EnvelopeRefused, EntryDamaged, PayloadChanged)


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What a courier brings back.

    Attributes:
        receipt: DER, unverified.
        skew: how far this node's clock was ahead of the centre's when it answered; None: it did not say the time.
    """

    receipt: bytes
    skew: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Answered(Carried):
    """The same, verified: `answer` is what the receipt says."""

    answer: Answer


class Courier(Protocol):
    """Carries one sealed batch to its centre and brings back the receipt."""

    def __call__(self, batch: Batch, claim: Entry) -> Carried:
        """Raises: any Retry, or PeerRefused."""


def fetch(claim: Claim, courier: Courier, trust: Trust, at: datetime) -> Answered:
    """The receipt as it came (DER), and verified: it answers this very batch and everything in it balances.

    Raises:
        EnvelopeRefused, EntryDamaged: our own files are not what was sealed; nothing was sent.
        ReceiptRefused, PeerRefused; any Retry.
    """
    batch = untouched(claim, trust, at)
    stored = claim.receipt
    if stored is not None:  # we died while settling; unless it has been touched, nothing need be sent
        with suppress(ReceiptRefused):
            return Answered(receipt=stored, skew=None, answer=check_receipt(stored, batch, trust, at))
    carried = courier(batch, claim)
    answer = check_receipt(carried.receipt, batch, trust, at)
    return Answered(receipt=carried.receipt, skew=carried.skew, answer=answer)


def is_at_fault(error: YizhanError) -> bool:
    """Whether the batch itself is, so that it has to wait for a person.

    Nothing is wrong with a batch whose centre sent a false receipt, or whose node cannot read its own keys.
    """
    return isinstance(error, _BATCH_FAULTS) and not isinstance(error, ReceiptRefused)


def kind_of(error: YizhanError) -> EventKind:
    """The ledger's word for what kept a batch."""
    return EventKind.DEFERRED if isinstance(error, Retry) else EventKind.REFUSED


def code_of(error: YizhanError) -> str:
    """The code to be ledgered: where a centre said no, its own."""
    return str(error.facts["peer_code"]) if isinstance(error, PeerRefused) else error.code


def receipted(answer: Answer, skew: timedelta | None = None) -> Detail:
    """What the ledger keeps of a verified receipt, and of the clock of the centre that gave it itself."""
    said = answer.receipt
    return Detail(
        rows=said.loaded.rows,
        problem=said.problem.rows,
        duplicate=said.duplicate.rows,
        centre=said.centre,
        position=said.ledger.position,
        head=said.ledger.head,
        skew=milliseconds(skew),
    )
