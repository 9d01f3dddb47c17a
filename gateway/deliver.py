"""Deliver, the second journey: spool -> upload -> receipt -> settled, deferred or buried.

Drains the spool, oldest revision first. A batch is settled only with a receipt that this node has verified against its
own manifest; everything that did not work keeps the batch and says why in the ledger. Must never open a connection or a
key itself: rooms come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.carriage import Courier, code_of, fetch, is_at_fault, kind_of, receipted
from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer, check_receipt, peek
from gateway.errors import PayloadAway, YizhanError
from gateway.gate import carry_out, untouched
from gateway.journal import Clock, about, enter_missing, sealed_digest
from gateway.ledger import EventKind, Ledger
from gateway.spool import Claim, Entry, Spool, State


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
    """Try every batch that is ready, once, a period's revisions in order: a later one waits for one that is kept.

    A held one is never taken: whatever follows it waits with it.
    """
    enter_missing(post.spool, post.ledger, post.clock)
    post.spool.recover()
    carry_out(post.spool, post.ledger)
    kept: set[tuple[str, str]] = set()
    for entry in sorted(post.spool.entries(State.READY, State.HELD), key=lambda entry: entry.name):
        lane = (entry.name.feed, entry.name.period)
        if entry.state is State.HELD:
            kept.add(lane)
        claim = None if lane in kept else post.spool.claim(entry.name)
        if claim is None:
            continue
        with claim:
            delivered = _deliver(claim, post)
        if delivered.error is not None:
            kept.add(lane)
        yield delivered


def again(post: Post, since: datetime) -> Iterator[Delivered]:
    """Ask anew for the receipt of every batch receipted since: a centre that has it gives the same one.

    A centre that was restored from an older backup has lost the batch, takes it again, and gives a receipt of its own,
    which takes the old one's place; the old one's ledger place stays in this ledger. A period's revisions in order.
    """
    kept: set[tuple[str, str]] = set()
    for entry in post.spool.entries(State.DONE):
        lane, receipt = (entry.name.feed, entry.name.period), entry.receipt
        if lane in kept or receipt is None or peek(receipt).accepted_at < since:
            continue
        delivered = _deliver_again(entry, receipt, post)
        if delivered.error is not None:
            kept.add(lane)
        yield delivered


def _deliver_again(entry: Entry, stored: bytes, post: Post) -> Delivered:
    digest = sealed_digest(post.ledger, entry.name)
    try:
        if not entry.payload.exists():
            raise PayloadAway(batch=entry.name.batch)
        batch = untouched(entry, post.trust(), post.clock())
        carried = post.courier(batch, entry)
        answer = check_receipt(carried.receipt, batch, post.trust(), post.clock())
        if carried.receipt != stored:
            _enter_receipted(entry, answer, carried.skew, post)
            post.spool.renew_receipt(entry.name, carried.receipt)
    except YizhanError as error:
        return Delivered(batch=entry.name.batch, digest=digest, state=entry.state, answer=None, error=error)
    return Delivered(batch=entry.name.batch, digest=digest, state=entry.state, answer=answer, error=None)


def _deliver(claim: Claim, post: Post) -> Delivered:
    try:
        fetched = fetch(claim, post.courier, post.trust(), post.clock())
    except YizhanError as error:
        return _kept(claim, error, post)
    _enter_receipted(claim, fetched.answer, fetched.skew, post)
    done = post.spool.settle(claim, fetched.receipt)
    return Delivered(batch=claim.name.batch, digest=done.digest, state=done.state, answer=fetched.answer, error=None)


def _enter_receipted(claim: Entry, answer: Answer, skew: timedelta | None, post: Post) -> None:
    """The ledger has the receipt before the spool settles, once, however often settling is cut off."""
    digest, said = claim.digest, answer.receipt
    lines = post.ledger.lines(batch=claim.name.batch, kind=EventKind.RECEIPTED)
    if any((line.digest, line.said.head) == (digest, said.ledger.head) for line in lines):
        return
    post.ledger.append(about(claim, digest, post.clock(), EventKind.RECEIPTED, detail=receipted(answer, skew)))


def _kept(claim: Claim, error: YizhanError, post: Post) -> Delivered:
    """Keep the batch: in `dead` until a person has acted if the batch itself is at fault, else in `ready`."""
    digest = sealed_digest(post.ledger, claim.name)
    post.ledger.append(about(claim, digest, post.clock(), kind_of(error), code=code_of(error)))
    entry = post.spool.bury(claim) if is_at_fault(error) else post.spool.defer(claim)
    return Delivered(batch=claim.name.batch, digest=digest, state=entry.state, answer=None, error=error)
