"""Forward, the fifth journey: what a centre has loaded, or only carries, goes up to the next centre as it came.

    inbox -> upward (links, unopened) -> upload -> receipt of a centre above -> kept beside the batch, settled

What has to go up is derived each time from what the inbox keeps, what lies in `upward` and what the ledger says, so a
process may die anywhere: a batch is forwarded at least once, and every centre loads it exactly once. Two processes
never send one batch at the same time: the one that claims it in `upward` does. Must never open a batch, re-seal it,
issue a receipt, or open a connection itself: rooms come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.carriage import Answered, Courier, code_of, fetch, is_at_fault, kind_of, receipted
from gateway.catalogue import Catalogue
from gateway.chain import Chain, Fetched, Known, complete, enter_once
from gateway.envelope.parties import Trust
from gateway.envelope.receipt import Answer
from gateway.envelope.report import Files, inspect
from gateway.errors import (
    EntryDamaged,
    EnvelopeRefused,
    OwnCertificateRefused,
    PeerUnavailable,
    PeerUntrusted,
    ReceiptNotAwaited,
    UnknownName,
    YizhanError,
)
from gateway.inbox import Inbox, Kept
from gateway.journal import Clock, about, about_name
from gateway.ledger import Detail, EventKind, Ledger
from gateway.spool import Claim, EntryName, Spool, State, mark_of

_LINE_DOWN = (PeerUnavailable, PeerUntrusted, OwnCertificateRefused)
"""Nothing else gets through either: the rest of the pass is spared."""


@dataclass(frozen=True, kw_only=True)
class Upward:
    """The rooms of a centre that sends upward.

    Attributes:
        centre, next: this one, and the one directly above it.
        inbox: what this centre has done with. spool: `upward/`, on this machine.
        ask: what a centre (id) knows for a manifest's digest.
    """

    centre: str
    next: str
    catalogue: Catalogue
    inbox: Inbox
    spool: Spool
    ledger: Ledger
    trust: Callable[[], Trust]
    courier: Courier
    ask: Callable[[str, str], Known]
    clock: Clock

    def above(self, feed: str) -> tuple[str, ...]:
        """The centres that a feed's batches pass after this one, as far as the next one is the one we know."""
        try:
            found = self.catalogue.feed(feed).above(self.centre)
        except UnknownName:  # it has left the catalogue; who sends such a batch upward has to put it back
            return ()
        return found if found[:1] == (self.next,) else ()


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """What became of one batch: the verified receipt of a centre above, or the error that kept it.

    Attributes:
        state: where it lies in `upward` now; None where it could not be taken there.
    """

    batch: str
    digest: str | None
    state: State | None
    answer: Answer | None
    error: YizhanError | None


def forward(rooms: Upward) -> Iterator[Forwarded]:
    """Try every batch that has to go up, once; of a period's revisions, a later one waits for one that is kept."""
    rooms.spool.recover()
    rooms.spool.sweep()
    yield from take_up(rooms)
    kept: set[tuple[str, str]] = set()
    for entry in rooms.spool.entries(State.READY):
        lane = (entry.name.feed, entry.name.period)
        claim = None if lane in kept else rooms.spool.claim(entry.name)
        if claim is None:
            continue
        with claim:
            forwarded = _forward(claim, rooms)
        yield forwarded
        if isinstance(forwarded.error, _LINE_DOWN):
            return
        if forwarded.error is not None:
            kept.add(lane)


def complete_chains(rooms: Upward) -> Iterator[Fetched]:
    """Fetch the receipts of the centres behind the next one, of all that was forwarded; see `gateway.chain`."""
    chain = Chain(
        spool=rooms.spool,
        ledger=rooms.ledger,
        trust=rooms.trust,
        clock=rooms.clock,
        kind=EventKind.FORWARDED,
        next=lambda _: rooms.next,
        behind=rooms.above,
        above=rooms.above,
        ask=rooms.ask,
        keep=lambda entry, centre, receipt: rooms.inbox.keep_receipt(entry.digest, centre, receipt),
    )
    yield from complete(chain)


def take_up(rooms: Upward) -> Iterator[Forwarded]:
    """Have all in `upward` that was settled, or is carried, and is addressed to a centre above; tell of the damaged."""
    for kept in due(rooms):
        try:
            kept.put_into(rooms.spool)
        except EntryDamaged as damage:
            yield _not_taken(kept, damage, rooms)


def due(rooms: Upward) -> list[Kept]:
    """What has to go up and is not in `upward` yet: its payload is still needed where it lies."""
    here = {entry.name.mark for entry in rooms.spool.entries()}
    fresh = [kept for kept in rooms.inbox.kept() if kept.name.mark not in here and rooms.above(kept.name.feed)]
    if not fresh:
        return []
    gone = {mark_of(line.digest or "") for line in rooms.ledger.lines(kind=EventKind.FORWARDED)}
    return [kept for kept in fresh if kept.name.mark not in gone and _goes_up(kept, rooms)]


def _not_taken(kept: Kept, damage: EntryDamaged, rooms: Upward) -> Forwarded:
    """The others go up all the same; it is tried again whenever it is looked, for a file can be put back."""
    name, digest = kept.name, _digest(kept.name, rooms)
    enter_once(rooms.ledger, about_name(name, digest, rooms.clock(), EventKind.REFUSED, code=damage.code))
    return Forwarded(batch=name.batch, digest=digest, state=None, answer=None, error=damage)


def _goes_up(kept: Kept, rooms: Upward) -> bool:
    """What cannot be read is taken along: it is refused, with its code, before it is sent."""
    try:
        said = inspect(Files(manifest=kept.manifest)).manifest
    except (EnvelopeRefused, EntryDamaged):
        return True
    return said is None or not set(said.recipients).isdisjoint(rooms.above(kept.name.feed))


def _forward(claim: Claim, rooms: Upward) -> Forwarded:
    try:
        fetched = fetch(claim, rooms.courier, rooms.trust(), rooms.clock())
        answer = fetched.answer
        _require_awaited(claim, answer, rooms)
    except YizhanError as error:
        return _kept_back(claim, error, rooms)
    _enter_forwarded(claim, fetched, rooms)
    try:
        rooms.inbox.keep_receipt(claim.digest, answer.receipt.centre, fetched.receipt)
    except YizhanError as error:
        return _kept_back(claim, error, rooms)
    digest, done = claim.digest, rooms.spool.settle(claim, fetched.receipt)
    # The inbox keeps the payload as long as the site keeps payloads: the second name it has here would only outlive it.
    rooms.spool.lighten(digest)
    return Forwarded(batch=claim.name.batch, digest=digest, state=done.state, answer=answer, error=None)


def _require_awaited(claim: Claim, answer: Answer, rooms: Upward) -> None:
    """Our own receipt, sent back to us, is genuine and says nothing about a centre above."""
    centre = answer.receipt.centre
    if centre not in rooms.above(claim.name.feed):
        raise ReceiptNotAwaited(centre=centre, batch=claim.name.batch)


def _enter_forwarded(claim: Claim, fetched: Answered, rooms: Upward) -> None:
    """The ledger has the receipt before the spool settles, once, however often settling is cut off."""
    digest, centre = claim.digest, fetched.answer.receipt.centre
    lines = rooms.ledger.lines(batch=claim.name.batch, kind=EventKind.FORWARDED)
    if all((line.digest, line.said.centre) != (digest, centre) for line in lines):
        detail = receipted(fetched.answer, fetched.skew)
        rooms.ledger.append(about(claim, digest, rooms.clock(), EventKind.FORWARDED, detail=detail))


def _kept_back(claim: Claim, error: YizhanError, rooms: Upward) -> Forwarded:
    """In `dead` until a person has acted if the batch itself is at fault, else in `ready`."""
    digest = _digest(claim.name, rooms)
    detail = Detail(centre=rooms.next)
    line = about(claim, digest, rooms.clock(), kind_of(error), detail=detail, code=code_of(error))
    enter_once(rooms.ledger, line)
    entry = rooms.spool.bury(claim) if is_at_fault(error) else rooms.spool.defer(claim)
    return Forwarded(batch=claim.name.batch, digest=digest, state=entry.state, answer=None, error=error)


def _digest(name: EntryName, rooms: Upward) -> str | None:
    """The digest under which it was taken here, whatever its files say now."""
    lines = rooms.ledger.lines(batch=name.batch)
    return next((line.digest for line in lines if mark_of(line.digest or "") == name.mark), None)
