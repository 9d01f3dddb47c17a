"""Release and hold: a reviewer lets a sealed batch go, or a person stops it. Nobody else moves one through the gate.

    release   held -> verified -> signed -> beside the batch -> ledger -> ready
    hold      ready -> ledger -> held

A batch leaves the machine only with a release that stands in the ledger. Must never open a key itself: who signs comes
in as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.catalogue import Catalogue, Duty
from gateway.envelope.manifest import Manifest
from gateway.envelope.papers import sign_release
from gateway.envelope.parties import Trust
from gateway.errors import AlreadyReleased, EntryBusy, EntryUnknown, ReviewerIsCollector
from gateway.gate import carry_out, require_person, untouched
from gateway.journal import Clock, about, enter_missing
from gateway.keys import Identity, Signatory
from gateway.ledger import Detail, EventKind, Ledger
from gateway.spool import Entry, Spool, State


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rooms of a front-end that releasing and holding need."""

    spool: Spool
    ledger: Ledger
    catalogue: Catalogue
    trust: Callable[[], Trust]
    clock: Clock


def release(batch: str, reviewer: Signatory, gate: Gate) -> Entry:
    """Let a held batch go: exactly the one whose manifest has this digest, in this person's name.

    Cut off at any point, it is released or it is not, and may be released again.

    Args:
        batch: its id, or its name in the spool.

    Raises:
        AlreadyReleased. EntryUnknown: no such batch is held. EntryBusy.
        DutyMissing, ReviewerIsCollector: not this person.
        EnvelopeRefused, EntryDamaged: its files are not what was sealed; nothing was signed.
    """
    _catch_up(gate)
    entry = _find_held(batch, gate)
    at = gate.clock()
    found = untouched(entry, gate.trust(), at)
    person = _require_reviewer(found.manifest, reviewer.identity, gate.catalogue)
    gate.spool.endorse(entry.name, sign_release(found, reviewer.identity, reviewer.signer, at))
    gate.ledger.append(about(entry, found.digest, at, EventKind.RELEASED, by=person))
    carry_out(gate.spool, gate.ledger)
    return gate.spool.find(entry.name)


def hold(batch: str, by: str, reason: str, gate: Gate) -> Entry:
    """Stop a batch that is ready, until a reviewer releases it.

    Raises:
        EntryUnknown: no such batch is ready. EntryBusy: it is on its way at this moment.
        LedgerTextRefused: `by` or `reason` may not stand in a ledger.
    """
    _catch_up(gate)
    entry = find(gate.spool.entries(State.READY), batch)
    claim = gate.spool.claim(entry.name)
    if claim is None:
        raise EntryBusy(name=str(entry.name))
    with claim:
        detail = Detail(reason=reason)
        gate.ledger.append(about(claim, claim.digest, gate.clock(), EventKind.HELD, detail=detail, by=by))
        return gate.spool.hold(claim)


def find(entries: Sequence[Entry], batch: str) -> Entry:
    """The entry of this batch id or name in the spool. Raises: EntryUnknown."""
    for entry in entries:
        if batch in (entry.name.batch, str(entry.name)):
            return entry
    raise EntryUnknown(name=batch)


def _find_held(batch: str, gate: Gate) -> Entry:
    try:
        return find(gate.spool.entries(State.HELD), batch)
    except EntryUnknown:
        gone = find(gate.spool.entries(State.READY, State.INFLIGHT, State.DONE), batch)
        if gone.papers.release is None:
            raise
        raise AlreadyReleased(batch=gone.name.batch) from None


def _catch_up(gate: Gate) -> None:
    enter_missing(gate.spool, gate.ledger, gate.clock)
    carry_out(gate.spool, gate.ledger)


def _require_reviewer(said: Manifest, reviewer: Identity, catalogue: Catalogue) -> str:
    person = require_person(reviewer, catalogue.department(said.sender), Duty.REVIEW)
    if person == said.by:
        raise ReviewerIsCollector(batch=said.batch_id, person=person)
    return person
