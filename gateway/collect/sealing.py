"""Sealing: what was poured becomes a signed batch, and the spool's.

The ledger knows of it before the spool does. Must never judge whether it is worth sending, or may be.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.catalogue import Feed
from gateway.collect.desk import Desk
from gateway.collect.permit import Permit
from gateway.collect.pouring import Poured, Task
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals
from gateway.envelope.payload import PayloadWriter
from gateway.envelope.sealing import seal_keys, seal_manifest
from gateway.journal import landed
from gateway.ledger import Detail, Line
from gateway.records.stream import schema_digest
from gateway.spool import Draft, EntryName
from gateway.terms import control_totals, entry_name


@dataclass(frozen=True, kw_only=True)
class Content:
    """A finished payload: what went into it, its writer, and its key."""

    poured: Poured
    payload: PayloadWriter
    key: bytes
    commitment: str


@dataclass(frozen=True, kw_only=True)
class SealedBatch:
    """The two small files of a batch whose payload lies in a draft, and what it will be known by."""

    manifest: Manifest
    manifest_bytes: bytes
    keys: bytes
    digest: str
    name: EntryName


def seal(task: Task, kind: Kind, before: Line | None, permit: Permit, content: Content, desk: Desk) -> SealedBatch:
    """Sign what the department declares about the content, and encrypt its key for every centre on the route."""
    manifest = _manifest(task, kind, before, permit, content, desk)
    manifest_bytes = seal_manifest(manifest, desk.signer)
    keys = seal_keys(manifest_bytes, content.key, desk.recipients, desk.signer, desk.entropy)
    digest = hashlib.sha256(manifest_bytes).hexdigest()
    name = entry_name(manifest, digest)
    return SealedBatch(manifest=manifest, manifest_bytes=manifest_bytes, keys=keys, digest=digest, name=name)


def put(
    draft: Draft, sealed: SealedBatch, permit: Permit, poured: Poured, desk: Desk, nil: bytes | None = None
) -> None:
    """Enter the batch as landed, and show it where its permit says."""
    detail = _detail(sealed.manifest, desk.catalogue.feed(sealed.manifest.feed), poured)
    at = sealed.manifest.created_at
    desk.ledger.append(landed(sealed.name, sealed.digest, at, detail=detail, by=permit.by))
    draft.commit(sealed.name, sealed.manifest_bytes, sealed.keys, papers=permit.papers(nil), state=permit.state)


def _manifest(task: Task, kind: Kind, before: Line | None, permit: Permit, content: Content, desk: Desk) -> Manifest:
    """What the department declares about what was poured; a correction says why, who, and what it follows."""
    feed, poured = task.feed, content.poured
    return Manifest(
        sender=feed.department,
        region=task.region,
        feed=feed.id,
        period=str(task.period),
        revision=before.revision + 1 if before else 1,
        kind=kind,
        reason=None if kind is Kind.DATA else task.reason,
        by=permit.by,
        released_by=None,
        rectification_order=permit.number,
        fields=tuple(ManifestField(name=f.name, type=f.type.value) for f in feed.fields),
        schema_digest=schema_digest(feed.fields).removeprefix("sha256:"),
        totals=control_totals(poured.accepted),
        extracted=control_totals(poured.extracted),
        problems=ProblemTotals(rows=poured.problem.rows, sums=poured.problem.sums, codes=poured.codes.counts),
        payload=PayloadFacts(digest=content.payload.digest, size=content.payload.size),
        key_commitment=content.commitment,
        recipients=feed.routes,
        reconciliation=poured.reconciliation,
        landed_at=poured.landed_at,
        created_at=desk.clock(),
        previous=before.digest if before else None,
    )


def _detail(said: Manifest, feed: Feed, poured: Poured) -> Detail:
    return Detail(
        rows=poured.extracted.rows,
        problem=poured.problem.rows,
        fen=dict(poured.extracted.sums)[feed.amount] if feed.amount else None,
        size=said.payload.size,
        number=said.rectification_order,
        payload=said.payload.digest,
        content=poured.content,
    )
