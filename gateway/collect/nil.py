"""A nil return (零报送): a person answers for it that a period has no rows. Nothing is read; everything is sealed.

It is a batch like any other, with an empty payload and the person's own signature beside it. Must never be made by a
machine on its own: who signs comes in as an argument.
"""

from __future__ import annotations

from datetime import datetime

from gateway.catalogue import Duty
from gateway.collect.desk import Desk
from gateway.collect.journey import Collected
from gateway.collect.permit import Permit, order_for, state_of
from gateway.collect.pouring import Poured, Task, pour_nothing
from gateway.collect.refusals import entered_when_refused
from gateway.collect.sealing import Content, SealedBatch, put, seal
from gateway.envelope.manifest import Kind
from gateway.envelope.papers import sign_nil
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealed import verify_manifest
from gateway.envelope.sealing import new_key
from gateway.errors import NilContradicted, PeriodRunning, Unchanged
from gateway.gate import require_person
from gateway.journal import enter_missing, last_sealed
from gateway.keys import Signatory
from gateway.ledger import Line


def declare(task: Task, declarer: Signatory, desk: Desk) -> Collected:
    """Seal the nil return of one period of one feed.

    Raises:
        Unchanged: it is reported as empty already. NilContradicted: it was reported with rows.
        PeriodRunning: what is still to come, nobody can answer for.
        DutyMissing; PeriodFrozen and all else that `order_for` raises.
    """
    desk.spool.sweep()
    enter_missing(desk.spool, desk.ledger, desk.clock)
    with entered_when_refused(task, desk):
        _require_nothing_reported(task, last_sealed(desk.spool, desk.ledger, task.feed.id, str(task.period)))
        _require_over(task, desk.clock())
        person = require_person(declarer.identity, desk.catalogue.department(task.feed.department), Duty.DECLARE)
        permit = Permit(by=person, order=order_for(task, desk), state=state_of(task, None))
        sealed = _seal(task, permit, declarer, desk)
    enter_missing(desk.spool, desk.ledger, desk.clock)
    said = sealed.manifest
    return Collected(batch=said.batch_id, digest=sealed.digest, manifest=said, state=permit.state, problems=None)


def _seal(task: Task, permit: Permit, declarer: Signatory, desk: Desk) -> SealedBatch:
    key, commitment = new_key(desk.entropy)
    with desk.spool.begin() as draft:
        payload = PayloadWriter(draft.payload, key, desk.entropy)
        poured: Poured = pour_nothing(task.feed, payload, desk.clock)
        content = Content(poured=poured, payload=payload, key=key, commitment=commitment)
        sealed = seal(task, Kind.NIL, None, permit, content, desk)
        put(draft, sealed, permit, poured, desk, nil=_signed(sealed, declarer, desk))
    return sealed


def _signed(sealed: SealedBatch, declarer: Signatory, desk: Desk) -> bytes:
    at = desk.clock()
    declared = verify_manifest(sealed.manifest_bytes, desk.trust(), at)
    return sign_nil(declared, declarer.identity, declarer.signer, at)


def _require_nothing_reported(task: Task, before: Line | None) -> None:
    if before is None:
        return
    about = {"feed": task.feed.id, "period": str(task.period), "batch": before.batch}
    raise NilContradicted(**about) if before.said.rows else Unchanged(**about)


def _require_over(task: Task, at: datetime) -> None:
    over = task.period.complete_at
    if at < over:
        raise PeriodRunning(feed=task.feed.id, period=str(task.period), ends=f"{over:%Y-%m-%d %H:%M}")
