"""The record of a load: the row of `batches`, its digest for the ledger, and reading it back.

It must never change a row once written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Row

from gateway.ledger.events import encode_moment
from gateway.warehouse.facts import (
    BatchFacts,
    Delivery,
    Effect,
    LoadResult,
    OrderUse,
    decode_totals,
    encode_totals,
)

_AFTERWARDS = ("position", "head", "receipt")  # known only once the ledger line is written


def encode(facts: BatchFacts, result: LoadResult, number: int, content: bytes, superseded: bytes) -> dict[str, object]:
    """Columns of `batches` that are known before the ledger line is.

    Args:
        number: of the batch in the feed's tables.
        content: digests of the rows it put in, see Content.
        superseded: digest of the rows it superseded, see `reading.superseded_by`.
    """
    return {
        "region": facts.region,
        "number": number,
        "digest": facts.digest,
        "batch": facts.batch,
        "feed": facts.feed,
        "period": facts.period,
        "revision": facts.revision,
        "kind": facts.kind,
        "sender": facts.sender,
        "previous": facts.previous,
        "reason": facts.reason,
        "by": facts.by,
        "released_by": facts.released_by,
        "order_number": facts.order.number if facts.order else None,
        "order_uses": facts.order.uses if facts.order else None,
        "sent": encode_totals(facts.sent),
        "set_aside": facts.set_aside,
        "landed_at": encode_moment(facts.landed_at),
        "accepted_at": encode_moment(facts.accepted_at),
        "counted": encode_totals(result.counted),
        "loaded": encode_totals(result.loaded),
        "problem": encode_totals(result.problem),
        "duplicate": encode_totals(result.duplicate),
        "added": encode_totals(result.effect.added),
        "changed": encode_totals(result.effect.changed),
        "replaced": encode_totals(result.effect.replaced),
        "removed": encode_totals(result.effect.removed),
        "content": content,
        "superseded": superseded,
    }


def digest(columns: Mapping[str, object]) -> str:
    """SHA-256 of the record; the ledger line of the load carries it, so that no column can be edited unseen."""
    shown = {k: v.hex() if isinstance(v, bytes) else v for k, v in columns.items() if k not in _AFTERWARDS}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def decode_effect(row: Row[tuple[object, ...]]) -> Effect:
    """The stored effect of a load."""
    return Effect(
        added=decode_totals(row.added),
        changed=decode_totals(row.changed),
        replaced=decode_totals(row.replaced),
        removed=decode_totals(row.removed),
    )


def decode(row: Row[tuple[object, ...]]) -> Delivery:
    """A stored record as a value."""
    facts = BatchFacts(
        digest=row.digest,
        batch=row.batch,
        region=row.region,
        feed=row.feed,
        period=row.period,
        revision=row.revision,
        kind=row.kind,
        sender=row.sender,
        previous=row.previous,
        sent=decode_totals(row.sent),
        set_aside=row.set_aside,
        landed_at=datetime.fromisoformat(row.landed_at),
        accepted_at=datetime.fromisoformat(row.accepted_at),
        reason=row.reason,
        by=row.by,
        released_by=row.released_by,
        order=OrderUse(number=row.order_number, uses=row.order_uses) if row.order_number else None,
    )
    return Delivery(
        facts=facts,
        number=row.number,
        counted=decode_totals(row.counted),
        loaded=decode_totals(row.loaded),
        problem=decode_totals(row.problem),
        duplicate=decode_totals(row.duplicate),
        effect=decode_effect(row),
        position=row.position,
        head=row.head,
    )
