"""Sending one sealed batch to a centre: what a department's front-end and a centre that sends upward do alike.

Nothing leaves that is not what was sealed, nothing counts as delivered without a verified receipt, and what did not
work is told apart by who has to act. Must never open a connection, move an entry or write into a ledger.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
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
from gateway.spool import Claim, Entry

_BATCH_FAULTS = (PeerRefused, EnvelopeRefused, EntryDamaged, PayloadChanged)


class Courier(Protocol):
    """Carries one sealed batch to its centre and brings back the receipt (DER, unverified)."""

    def __call__(self, batch: Batch, claim: Entry) -> bytes:
        """Raises: any Retry, or PeerRefused."""


def fetch(claim: Claim, courier: Courier, trust: Trust, at: datetime) -> tuple[bytes, Answer]:
    """The receipt as it came (DER), and verified: it answers this very batch and everything in it balances.

    Raises:
        EnvelopeRefused, EntryDamaged: our own files are not what was sealed; nothing was sent.
        ReceiptRefused, PeerRefused; any Retry.
    """
    batch = untouched(claim, trust, at)
    stored = claim.receipt
    if stored is not None:  # we died while settling; unless it has been touched, nothing need be sent
        with suppress(ReceiptRefused):
            return stored, check_receipt(stored, batch, trust, at)
    receipt = courier(batch, claim)
    return receipt, check_receipt(receipt, batch, trust, at)


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


def receipted(answer: Answer) -> Detail:
    """What the ledger keeps of a verified receipt."""
    said = answer.receipt
    return Detail(
        rows=said.loaded.rows,
        problem=said.problem.rows,
        duplicate=said.duplicate.rows,
        centre=said.centre,
        position=said.ledger.position,
        head=said.ledger.head,
    )
