"""The collector `ledger`: how long the ledger is, whether it was found whole, and how often departments were dunned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from gateway.ledger import EventKind
from monitoring.exporter.metrics import DUNNINGS, LEDGER_FAULTS, LEDGER_POSITION, LEDGER_VERIFIED
from monitoring.exporter.point import Point
from monitoring.exporter.verification import Verification
from monitoring.exporter.watch import Watch


class LedgerEnd:
    """See `Source`. Of what only grows, it reads what is new; lines that were read are not read again."""

    name = "ledger"

    def __init__(self, watch: Watch, verification: Verification) -> None:
        self._watch, self._verification = watch, verification
        self._dunnings: defaultdict[str, set[str]] = defaultdict(set)
        self._read = 0

    def read(self) -> Iterator[Point]:
        """Raises: StoreAbsent, StoreUnavailable, StoreDamaged, StoreForbidden."""
        ledger = self._watch.node.ledger
        position = ledger.head().position
        if position < self._read:  # another ledger lies here now, a restored one
            self._dunnings.clear()
            self._read = 0
        if position > self._read:
            for line in ledger.lines(kind=EventKind.DUNNED, after=self._read):
                self._dunnings[line.said.department or ""].add(line.said.number or "")
            self._read = position
        yield Point(LEDGER_POSITION, (), position)
        for department, numbers in sorted(self._dunnings.items()):
            yield Point(DUNNINGS, (department,), len(numbers))
        found = self._verification.found
        if found is not None:
            yield Point(LEDGER_FAULTS, (), found.faults)
        if self._verification.whole_at is not None:
            yield Point(LEDGER_VERIFIED, (), self._verification.whole_at.timestamp())
