"""Grants: what the ledger says may be read by whom. Pure: lines of a ledger in, decisions out.

A reader is a subscriber of the catalogue (by id) or the readers of a region (by its code); an id begins with a letter
and a code with a digit, so one column names both. Readers of a region see what lies inside it without a grant; anything
else needs one, with an approver and an end (《湖南省"互联网+监督"平台运行管理办法》第十六条、第二十四条).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.catalogue.regions import within
from gateway.errors import NotGranted
from gateway.ledger import EventKind, Line


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The right of one reader to read feeds of one region until a moment.

    Attributes:
        number: of the approval. reader: a subscriber's id, or a region's code.
        region: GB/T 2260 code of what may be read, with everything inside it.
        by: the approver. reason: what for. position: its first line in the ledger.
        revoked_at: None while nobody has.
    """

    number: str
    reader: str
    feeds: tuple[str, ...]
    region: str
    until: datetime
    by: str
    reason: str
    position: int
    revoked_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force."""
        return at < self.until and (self.revoked_at is None or at < self.revoked_at)

    def covers(self, reader: str, feed: str, region: str) -> bool:
        """Whether it is about this reader, feed and region."""
        return reader == self.reader and feed in self.feeds and within(region, self.region)


def grants_in(lines: Iterable[Line]) -> tuple[Grant, ...]:
    """Every grant the lines tell of, in order; one with several feeds has a line for each."""
    found: dict[str, Grant] = {}
    for line in lines:
        said = line.said
        if line.event == EventKind.GRANTED:
            known = found.get(said.number)
            found[said.number] = replace(known, feeds=(*known.feeds, line.feed)) if known else _first(line)
        elif line.event == EventKind.REVOKED and said.number in found:
            found[said.number] = replace(found[said.number], revoked_at=line.moment)
    return tuple(found.values())


def require_readable(reader: str, feed: str, region: str, grants: Sequence[Grant], at: datetime) -> Grant | None:
    """The grant under which a reader may read a feed of a region now; None where the region is the reader's own.

    Raises:
        NotGranted
    """
    if reader[0].isdigit() and within(region, reader):
        return None
    for grant in grants:
        if grant.covers(reader, feed, region) and grant.holds(at):
            return grant
    raise NotGranted(reader=reader, feed=feed, region=region)


def _first(line: Line) -> Grant:
    said = line.said
    return Grant(
        number=said.number or "",
        reader=said.subscriber or "",
        feeds=(line.feed or "",),
        region=said.region or "",
        until=datetime.fromisoformat(said.until or ""),
        by=line.by or "",
        reason=said.reason or "",
        position=line.seq,
    )
