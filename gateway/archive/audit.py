"""The archives' part of fsck: each is there, and is byte for byte what the ledger says was archived.

Faults are values, yielded, not raised. An archive whose digest the ledger knows needs no closer look; one that has
another is examined, so that the fault says where. It must never repair.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.archive import index as indexes
from gateway.archive.shelf import Archived, Archives
from gateway.archive.verify import verify
from gateway.envelope.parties import Trust
from gateway.errors import ArchiveMissing, ArchiveSignatureInvalid, ArchiveUnledgered, ArchiveUnreadable, YizhanError
from gateway.ledger import EventKind, Ledger, Line


def check_archives(archives: Archives, ledger: Ledger, trust: Trust, now: datetime) -> Iterator[YizhanError]:
    """Every fault, with the archive's file name.

    The archives stand in the ledger in the order of their sequence, so line and archive find each other by number.
    """
    lines = dict(enumerate(ledger.lines(kind=EventKind.ARCHIVED), start=1))
    purged = {line.digest for line in ledger.lines(kind=EventKind.PURGED)}
    for stem in archives.stems():
        try:
            one = archives.read(stem)
        except ArchiveUnreadable as unreadable:
            lines.pop(int(stem.partition("-")[0]), None)
            yield unreadable
            continue
        yield from _check(archives, one, lines.pop(one.index.sequence, None), purged, trust, now)
    yield from (ArchiveMissing(seq=line.seq, month=line.period) for line in lines.values())


def _check(
    archives: Archives, one: Archived, line: Line | None, purged: set[str | None], trust: Trust, now: datetime
) -> Iterator[YizhanError]:
    if one.purged:
        yield from _check_kept_index(archives, one, line, purged, trust, now)
    elif line is None or one.digest != line.digest:
        (verified,) = verify([one.path], trust, now)
        yield from verified.faults or (ArchiveUnledgered(place=one.place),)


def _check_kept_index(
    archives: Archives, one: Archived, line: Line | None, purged: set[str | None], trust: Trust, now: datetime
) -> Iterator[YizhanError]:
    """An archive that is gone was purged, and its signed index is what it was."""
    if line is None or line.digest not in purged:
        yield ArchiveUnledgered(place=one.place)
        return
    try:
        indexes.verify(*archives.signed_index(one), trust, now, one.place)
    except (ArchiveSignatureInvalid, ArchiveUnreadable) as fault:
        yield fault
