"""One thing in two rooms' words: conversions that front-end and centre both make, and that neither room can own.

The envelope knows no spool and no records, and they know no envelope. Conversions only; must never decide.
"""

from __future__ import annotations

from gateway.envelope.canonical import ControlTotals
from gateway.envelope.manifest import Manifest
from gateway.records.totals import Totals
from gateway.spool import EntryName


def entry_name(said: Manifest, digest: str) -> EntryName:
    """What the spool calls an entry that holds this manifest; `digest` is its SHA-256, 64 hex digits.

    Raises:
        SpoolNameInvalid
    """
    return EntryName.of(feed=said.feed, period=said.period, revision=said.revision, digest=digest)


def control_totals(totals: Totals) -> ControlTotals:
    """Counted totals as manifests and receipts state them."""
    return ControlTotals(rows=totals.rows, sums=totals.sums)
