"""The same figures in three rooms' words: what a manifest says, as the warehouse, the receipt and the ledger say it.

Conversions only; must never decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.envelope.effect import Effect
from gateway.envelope.manifest import Manifest
from gateway.envelope.receipt import LedgerPlace, Receipt
from gateway.envelope.sealed import Batch
from gateway.keys import Identity, Party
from gateway.ledger import Detail, Event, EventKind, Head
from gateway.presence import milliseconds
from gateway.receive.clearance import Clearance
from gateway.records.totals import Totals
from gateway.terms import control_totals
from gateway.warehouse import BatchFacts, LoadResult, OrderUse


def facts_of(batch: Batch, clearance: Clearance, at: datetime) -> BatchFacts:
    """What the warehouse is told of a batch that is accepted at `at`."""
    said, kept = batch.manifest, clearance.order
    return BatchFacts(
        digest=batch.digest,
        batch=said.batch_id,
        region=said.region,
        feed=said.feed,
        period=said.period,
        revision=said.revision,
        kind=said.kind.value,
        sender=said.sender,
        previous=said.previous,
        sent=_totals(said),
        set_aside=said.problems.rows,
        landed_at=said.landed_at,
        accepted_at=at,
        reason=said.reason,
        by=said.by,
        released_by=clearance.released_by,
        order=OrderUse(number=kept.order.number, uses=kept.order.uses) if kept else None,
    )


def receipt_of(centre: str, batch: Batch, facts: BatchFacts, result: LoadResult, head: Head) -> Receipt:
    """What the centre says of a load; sent = loaded + problem + duplicate, problem rows of both ends together."""
    said = batch.manifest
    loaded, duplicate = control_totals(result.loaded), control_totals(result.duplicate)
    problem = said.problems.totals + control_totals(result.problem)
    return Receipt(
        centre=centre,
        batch=said.batch_id,
        manifest_digest=batch.digest,
        payload_digest=said.payload.digest,
        sent=said.extracted,
        counted=control_totals(result.counted),
        loaded=loaded,
        problem=problem,
        duplicate=duplicate,
        effect=_effect(result),
        balanced=said.extracted == loaded + problem + duplicate,
        ledger=LedgerPlace(position=head.position, head=head.hash),
        accepted_at=facts.accepted_at,
    )


def _effect(result: LoadResult) -> Effect:
    found = result.effect
    return Effect(
        added=control_totals(found.added),
        changed=control_totals(found.changed),
        replaced=control_totals(found.replaced),
        removed=control_totals(found.removed),
    )


def _totals(said: Manifest) -> Totals:
    """The manifest's totals in the order of its fields, as the warehouse counts."""
    sums = dict(said.totals.sums)
    names = [field.name for field in said.fields if field.name in sums]
    return Totals(
        rows=said.totals.rows,
        sums=tuple((name, sums[name]) for name in names),
        unreadable=tuple((name, 0) for name in names),
    )


@dataclass(frozen=True, kw_only=True)
class Bringer:
    """Who brought a batch, as far as it is known: a department, or whatever other node, which answers for it."""

    department: str | None = None
    by: str | None = None


def brought_by(peer: Identity) -> Bringer:
    """Who holds the connection. A detail's `centre` is kept for those above, who answered or refused."""
    return Bringer(department=peer.id) if peer.party is Party.DEPARTMENT else Bringer(by=str(peer))


def event(
    at: datetime,
    kind: EventKind,
    digest: str,
    bringer: Bringer,
    said: Manifest | None,
    *,
    code: str | None = None,
    skew: timedelta | None = None,
) -> Event:
    """A line about a submission; `said` only of a manifest that has been verified."""
    return Event(
        at=at,
        kind=kind,
        batch=said.batch_id if said else None,
        feed=said.feed if said else None,
        period=said.period if said else None,
        revision=said.revision if said else None,
        digest=digest,
        code=code,
        by=bringer.by,
        detail=Detail(department=bringer.department, skew=milliseconds(skew)),
    )
