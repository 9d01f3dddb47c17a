"""The audit: walking a chain and naming each place where it is not what was written.

Pure but for `guards`. Faults are values of gateway.errors, yielded, not raised: one fault must not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.database import missing_guards
from gateway.errors import (
    LedgerAnchorLost,
    LedgerChainBroken,
    LedgerLineEdited,
    LedgerLineForged,
    LedgerLineMoved,
    LedgerLinesMissing,
    LedgerUnguarded,
    YizhanError,
)
from gateway.ledger.chain import GENESIS, Line
from gateway.ledger.table import LEDGER

_NEIGHBOURHOOD = 32  # how far a moved line is looked for; one moved farther is named as edited


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A line someone else has in writing: its position and its hash, quoted in a signed receipt."""

    position: int
    head: str


def guards(connection: Connection, node: str) -> Iterator[YizhanError]:
    """Append-only triggers that somebody removed."""
    for trigger in missing_guards(connection, LEDGER):
        yield LedgerUnguarded(node=node, seq=0, trigger=trigger)


def walk(
    lines: Iterable[Line], position: int, head: str, anchors: Iterable[Anchor], node: str
) -> Iterator[YizhanError]:
    """Check each line, each link, the end, and the anchors, in one pass.

    Args:
        lines: in order of `seq`.
        position, head: where the chain says it ends.
    """
    expected = {anchor.position: anchor.head for anchor in anchors}
    before: Line | None = None
    for line in lines:
        yield from _gap(before, line, node)
        yield from _line(before, line, position, node)
        if expected.pop(line.seq, line.hash) != line.hash:
            yield LedgerAnchorLost(node=node, seq=line.seq)
        before = line
    yield from _end(before, position, head, node)
    yield from (LedgerAnchorLost(node=node, seq=seq) for seq in sorted(expected))


def _gap(before: Line | None, line: Line, node: str) -> Iterator[YizhanError]:
    due = before.seq + 1 if before else 1
    if line.seq > due:
        yield LedgerLinesMissing(node=node, seq=due, last=line.seq - 1)


def _line(before: Line | None, line: Line, position: int, node: str) -> Iterator[YizhanError]:
    if line.seq > position:
        yield LedgerLineForged(node=node, seq=line.seq)
    elif line.computed_hash != line.hash:
        yield _altered(line, node)
        if before is not None and line.previous == before.previous and before.computed_hash == before.hash:
            yield LedgerLineForged(node=node, seq=before.seq)  # both continue the same line, and this one is shifted
    elif not _continues(before, line):
        yield LedgerChainBroken(node=node, seq=line.seq)


def _altered(line: Line, node: str) -> YizhanError:
    for distance in range(1, _NEIGHBOURHOOD + 1):
        for seq in (line.seq - distance, line.seq + distance):
            if line.fits_at(seq):
                return LedgerLineMoved(node=node, seq=line.seq, belongs=seq)
    return LedgerLineEdited(node=node, seq=line.seq)


def _continues(before: Line | None, line: Line) -> bool:
    if before is None:
        return line.seq != 1 or line.previous == GENESIS
    if line.previous == before.hash or before.seq + 1 != line.seq:
        return True  # a gap was named already
    return not before.fits_at(before.seq)  # an altered line was named already: its successor is not to blame


def _end(last: Line | None, position: int, head: str, node: str) -> Iterator[YizhanError]:
    reached = last.seq if last else 0
    if reached < position:
        yield LedgerLinesMissing(node=node, seq=reached + 1, last=position)
    elif last is not None and reached == position and last.hash != head:
        yield LedgerChainBroken(node=node, seq=reached)
