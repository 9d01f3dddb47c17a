"""The same figures in three rooms' words: what a manifest says, as the warehouse, the receipt and the ledger say it.

Conversions only; must never decide.
"""

from __future__ import annotations

from datetime import datetime

from gateway.envelope.manifest import Manifest
from gateway.envelope.receipt import LedgerPlace, Receipt
from gateway.envelope.sealed import Batch
from gateway.ledger import Detail, Event, EventKind, Head
from gateway.records.totals import Totals
from gateway.terms import control_totals
from gateway.warehouse import BatchFacts, LoadResult


def facts_of(batch: Batch, at: datetime) -> BatchFacts:
    """What the warehouse is told of a batch that is accepted at `at`."""
    said = batch.manifest
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
        balanced=said.extracted == loaded + problem + duplicate,
        ledger=LedgerPlace(position=head.position, head=head.hash),
        accepted_at=facts.accepted_at,
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


def event(
    at: datetime,
    kind: EventKind,
    digest: str,
    department: str | None,
    said: Manifest | None,
    *,
    code: str | None = None,
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
        detail=Detail(department=department),
    )
