"""The release gate of a front-end (审核把关): what was decided about a batch moves it, and nothing else does.

A person's decision stands in the ledger before the spool follows it, so whatever was cut off in between is carried out
here, before anything is sealed or sent. Must never decide, sign or enter anything itself.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from gateway.catalogue import Department, Duty
from gateway.catalogue.duties import require_duty
from gateway.envelope.parties import Trust
from gateway.envelope.sealed import Batch, Sealed, check_payload, verify
from gateway.errors import DutyMissing, EntryBusy, EntryDamaged, EntryUnknown
from gateway.keys import Identity, Party
from gateway.ledger import EventKind, Ledger
from gateway.spool import Entry, Spool, State, mark_of
from gateway.terms import entry_name


def carry_out(spool: Spool, ledger: Ledger) -> None:
    """Move every batch to where the newest decision about it wants it: held, or released and ready.

    What another process is moving at this moment is left to it. A batch was ready, or held, before its decision is
    looked up: a decision is never older than what it moves.
    """
    ready, held = spool.entries(State.READY), spool.entries(State.HELD)
    decided = _decisions(ledger)
    for entry in ready:
        if decided.get(entry.name.mark) is EventKind.HELD:
            _hold(entry, spool)
    for entry in held:
        if decided.get(entry.name.mark) is EventKind.RELEASED:
            with suppress(EntryUnknown, EntryBusy, EntryDamaged):
                spool.release(entry.name)


def untouched(entry: Entry, trust: Trust, at: datetime) -> Batch:
    """The batch of an entry, if its files are still what was sealed under its name.

    Raises:
        EnvelopeRefused, EntryDamaged, SpoolNameInvalid; YZ-50xx from `trust`.
    """
    batch = verify(Sealed.parse(entry.manifest, entry.keys), trust, at)
    entry.require(entry_name(batch.manifest, batch.digest))
    with entry.open_payload() as payload:
        check_payload(batch, payload)
    return batch


def require_person(person: Identity, department: Department, duty: Duty) -> str:
    """The staff number of a verified person who has this duty in this department.

    Raises:
        DutyMissing: also for a person of another department, or of a centre.
    """
    if (person.party, person.id) != (Party.DEPARTMENT, department.id):
        raise DutyMissing(person=str(person), party=department.id, duty=duty.value)
    return require_duty(department, person.person, duty).id


def _decisions(ledger: Ledger) -> dict[str, EventKind]:
    """The newest decision about each batch, by its mark."""
    lines = [line for kind in (EventKind.HELD, EventKind.RELEASED) for line in ledger.lines(kind=kind)]
    ordered = sorted(lines, key=lambda line: line.seq)
    return {mark_of(line.digest): EventKind(line.event) for line in ordered if line.digest}


def _hold(entry: Entry, spool: Spool) -> None:
    claim = spool.claim(entry.name)
    if claim is not None:
        with claim:
            spool.hold(claim)
