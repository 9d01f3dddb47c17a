"""Deliver, the second journey: spool -> upload -> receipt -> settled, deferred or buried.

Drains the spool, oldest revision first. A batch is settled only with a receipt that this node has verified against its
own manifest; everything that did not work keeps the batch and says why in the ledger. Must never open a connection or a
key itself: rooms come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer, check_receipt
from gateway.envelope.sealed import Batch, Sealed, check_payload, verify
from gateway.errors import (
    EntryDamaged,
    EnvelopeRefused,
    PayloadChanged,
    PeerRefused,
    ReceiptRefused,
    Retry,
    YizhanError,
)
from gateway.journal import Clock, about, enter_missing, sealed_digest
from gateway.ledger import Detail, EventKind, Ledger
from gateway.spool import Claim, Spool, State
from gateway.terms import entry_name

_BATCH_FAULTS = (PeerRefused, EnvelopeRefused, EntryDamaged, PayloadChanged)


class Courier(Protocol):
    """Carries one sealed batch to its centre and brings back the receipt (DER, unverified)."""

    def __call__(self, batch: Batch, claim: Claim) -> bytes:
        """Raises: any Retry, or PeerRefused."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """The rooms of a front-end that delivering needs."""

    spool: Spool
    ledger: Ledger
    trust: Callable[[], Trust]
    courier: Courier
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of one batch: the verified receipt, or the error that kept it; `state` is where it lies now.

    Attributes:
        digest: under which it was sealed; None if this node's ledger has no such batch.
    """

    batch: str
    digest: str | None
    state: State
    answer: Answer | None
    error: YizhanError | None


def drain(post: Post) -> Iterator[Delivered]:
    """Try every batch that is ready, once, a period's revisions in order: a later one waits for one that is kept."""
    enter_missing(post.spool, post.ledger, post.clock)
    post.spool.recover()
    kept: set[tuple[str, str]] = set()
    for entry in post.spool.entries(State.READY):
        lane = (entry.name.feed, entry.name.period)
        claim = None if lane in kept else post.spool.claim(entry.name)
        if claim is None:
            continue
        with claim:
            delivered = _deliver(claim, post)
        if delivered.error is not None:
            kept.add(lane)
        yield delivered


def _deliver(claim: Claim, post: Post) -> Delivered:
    try:
        receipt, answer = _fetch(claim, post)
    except YizhanError as error:
        return _kept(claim, error, post)
    _enter_receipted(claim, answer, post)
    done = post.spool.settle(claim, receipt)
    return Delivered(batch=claim.name.batch, digest=done.digest, state=done.state, answer=answer, error=None)


def _fetch(claim: Claim, post: Post) -> tuple[bytes, Answer]:
    """The receipt as it came (DER), and verified: it answers this very batch and everything in it balances."""
    trust, at = post.trust(), post.clock()
    batch = _untouched(claim, trust, at)
    stored = claim.receipt
    if stored is not None:  # we died while settling; unless it has been touched, nothing need be sent
        with suppress(ReceiptRefused):
            return stored, check_receipt(stored, batch, trust, at)
    receipt = post.courier(batch, claim)
    return receipt, check_receipt(receipt, batch, trust, at)


def _untouched(claim: Claim, trust: Trust, at: datetime) -> Batch:
    """The batch, if our own files are still what was sealed: nothing that is not leaves this machine."""
    batch = verify(Sealed.parse(claim.manifest, claim.keys), trust, at)
    claim.require(entry_name(batch.manifest, batch.digest))
    with claim.open_payload() as payload:
        check_payload(batch, payload)
    return batch


def _enter_receipted(claim: Claim, answer: Answer, post: Post) -> None:
    """The ledger has the receipt before the spool settles, once, however often settling is cut off."""
    digest, said = claim.digest, answer.receipt
    lines = post.ledger.lines(batch=claim.name.batch, kind=EventKind.RECEIPTED)
    if any(line.digest == digest for line in lines):
        return
    detail = Detail(
        rows=said.loaded.rows,
        problem=said.problem.rows,
        duplicate=said.duplicate.rows,
        centre=said.centre,
        position=said.ledger.position,
        head=said.ledger.head,
    )
    post.ledger.append(about(claim, digest, post.clock(), EventKind.RECEIPTED, detail=detail))


def _kept(claim: Claim, error: YizhanError, post: Post) -> Delivered:
    """Keep the batch: in `dead` until a person has acted if the batch itself is at fault, else in `ready`.

    Nothing is wrong with a batch whose centre sent a false receipt, or whose front-end cannot read its own keys.
    """
    code = error.facts.get("peer_code", error.code) if isinstance(error, PeerRefused) else error.code
    at_fault = isinstance(error, _BATCH_FAULTS) and not isinstance(error, ReceiptRefused)
    digest = sealed_digest(post.ledger, claim.name)
    kind = EventKind.DEFERRED if isinstance(error, Retry) else EventKind.REFUSED
    post.ledger.append(about(claim, digest, post.clock(), kind, code=str(code)))
    entry = post.spool.bury(claim) if at_fault else post.spool.defer(claim)
    return Delivered(batch=claim.name.batch, digest=digest, state=entry.state, answer=None, error=error)
