"""Deliver, the second journey: spool -> upload -> receipt -> settled, deferred or buried.

Drains the spool, oldest revision first. A batch leaves the spool only for `done`, and only with a receipt that this node
has verified against its own manifest; everything that did not work keeps the batch and says why in the ledger. Must never
open a connection or a key itself: rooms come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer, check_receipt
from gateway.envelope.sealed import Batch, Sealed, verify
from gateway.errors import EnvelopeRefused, PayloadChanged, PeerRefused, ReceiptRefused, Retry, YizhanError
from gateway.journal import Clock, about, enter_missing
from gateway.ledger import Detail, EventKind, Ledger
from gateway.spool import Claim, Spool, State


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
    """What became of one batch: the verified receipt, or the error that kept it; `state` is where it lies now."""

    batch: str
    digest: str
    state: State
    answer: Answer | None
    error: YizhanError | None


def drain(post: Post) -> Iterator[Delivered]:
    """Try every batch that is ready, once. Batches of one feed go in order, so a later revision waits for a held one."""
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
    digest = claim.digest
    try:
        answer = _receipted(claim, digest, post)
    except YizhanError as error:
        return _kept(claim, digest, error, post)
    done = post.spool.settle(claim, answer.receipt_bytes)
    return Delivered(batch=claim.name.batch, digest=digest, state=done.state, answer=answer.answer, error=None)


@dataclass(frozen=True, kw_only=True)
class _Receipted:
    receipt_bytes: bytes
    answer: Answer


def _receipted(claim: Claim, digest: str, post: Post) -> _Receipted:
    """Fetch the receipt and verify it. The ledger has it before the spool settles, once however often this is tried."""
    trust, at = post.trust(), post.clock()
    batch = verify(Sealed.parse(claim.manifest, claim.keys), trust, at)  # our own files may have been touched on disk
    receipt = claim.receipt or post.courier(batch, claim)
    answer = check_receipt(receipt, batch, trust, at)
    if not any(line.digest == digest for line in post.ledger.lines(batch=claim.name.batch, kind=EventKind.RECEIPTED)):
        said = answer.receipt
        detail = Detail(
            rows=said.loaded.rows,
            problem=said.problem.rows,
            duplicate=said.duplicate.rows,
            centre=said.centre,
            position=said.ledger.position,
            head=said.ledger.head,
        )
        post.ledger.append(about(claim, digest, at, EventKind.RECEIPTED, detail=detail))
    return _Receipted(receipt_bytes=receipt, answer=answer)


def _kept(claim: Claim, digest: str, error: YizhanError, post: Post) -> Delivered:
    """Keep the batch: in `dead` until a person has acted if the batch itself is at fault, else in `ready`.

    Nothing is wrong with a batch whose centre sent a false receipt, or whose front-end cannot read its own keys.
    """
    code = error.facts.get("peer_code", error.code) if isinstance(error, PeerRefused) else error.code
    at_fault = isinstance(error, PeerRefused | EnvelopeRefused | PayloadChanged) and not isinstance(
        error, ReceiptRefused
    )
    kind = EventKind.DEFERRED if isinstance(error, Retry) else EventKind.REFUSED
    post.ledger.append(about(claim, digest, post.clock(), kind, code=str(code)))
    entry = post.spool.bury(claim) if at_fault else post.spool.defer(claim)
    return Delivered(batch=claim.name.batch, digest=digest, state=entry.state, answer=None, error=error)
