"""One sealed batch at rest, with all that was signed about it: is it still what was sealed, answered and approved?

Everything is judged as of the moment it was signed, so that what was true when it was archived stays true when
certificates expire. `fsck` asks of entries in the spool, `archive` of entries on their way in and of those inside. It
must never read a file itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.envelope import receipt as receipts
from gateway.envelope.manifest import Kind
from gateway.envelope.papers import Papers
from gateway.envelope.papers.checked import check_papers
from gateway.envelope.papers.endorsement import check_nil, check_release
from gateway.envelope.papers.order import check_order
from gateway.envelope.parties import Trust
from gateway.envelope.report import Files, Stream, inspect, verify_files
from gateway.envelope.sealed import Declared
from gateway.errors import EntryDamaged
from gateway.spool import EntryName
from gateway.spool.entry import KEYS, MANIFEST, PAPER_FILES, RECEIPT, centre_of


@dataclass(frozen=True, kw_only=True)
class AtRest:
    """The files of an entry, by their names; no payload where it was purged, or lies in another archive."""

    name: EntryName
    small: Mapping[str, bytes]
    payload: Stream | None

    @property
    def papers(self) -> Papers:
        """The papers among them."""
        return Papers.of((paper, self.small[file]) for paper, file in PAPER_FILES.items() if file in self.small)

    def require(self, file: str) -> bytes:
        """One of the files an entry cannot be without. Raises EntryDamaged."""
        if file not in self.small:
            raise EntryDamaged(place=str(self.name), file=file)
        return self.small[file]


def check_sealed(entry: AtRest, trust: Trust, now: datetime) -> Declared:
    """Raise unless every file is authentic and about this very batch.

    Raises:
        EntryDamaged: a file is missing, or belongs to another batch.
        EnvelopeRefused, YZ-46xx, YZ-47xx, YZ-5xxx: the step that failed.
    """
    manifest, keys = entry.require(MANIFEST), entry.require(KEYS)
    said = inspect(Files(manifest=manifest)).manifest
    at = min(said.created_at, now)
    declared = verify_files(Files(manifest=manifest, keys=keys, payload=entry.payload), trust, at).declared
    if entry.name != _name(declared):
        raise EntryDamaged(place=str(entry.name), file=MANIFEST)
    _check_papers(entry.papers, declared, trust, now)
    for receipt in _receipts(entry.small):
        accepted = min(receipts.peek(receipt).accepted_at, now)
        receipts.check_receipt(receipt, declared, trust, accepted)
    return declared


def _check_papers(papers: Papers, declared: Declared, trust: Trust, now: datetime) -> None:
    """Each as of when it was signed; an order as of the manifest that made use of it."""
    manifest = declared.manifest
    if (papers.nil is None and manifest.kind is Kind.NIL) or (papers.order is None and manifest.rectification_order):
        check_papers(papers, declared, trust, now)  # names what is missing
    told = inspect(Files(nil=papers.nil, release=papers.release))
    if papers.nil is not None:
        check_nil(papers.nil, declared, trust, min(told.declared_by.at, now))
    if papers.release is not None:
        check_release(papers.release, declared, trust, min(told.released_by.at, now))
    if papers.order is not None:
        check_order(papers.order, declared, trust, min(manifest.created_at, now))


def _name(declared: Declared) -> EntryName:
    said = declared.manifest
    return EntryName.of(feed=said.feed, period=said.period, revision=said.revision, digest=declared.digest)


def _receipts(small: Mapping[str, bytes]) -> Iterable[bytes]:
    return (data for name, data in small.items() if name == RECEIPT or centre_of(name) is not None)
