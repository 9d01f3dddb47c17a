"""The collector `spool`: what waits in the node's own spool, or in a centre's inbox."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.presence import spool_facts
from gateway.presence import SpoolFacts
from monitoring.exporter.metrics import SPOOL_BYTES, SPOOL_ENTRIES, SPOOL_HELD, SPOOL_OLDEST
from monitoring.exporter.place import own_department
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Watch


class Spools:
    """See `Source`."""

    name = "spool"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def read(self) -> Iterator[Point]:
        """Raises: StoreAbsent, SpoolUnavailable, StoreUnavailable."""
        node = self._watch.node
        yield from points(own_department(node), spool_facts(node.kept, node.ledger, node.clock()))


def points(department: str, spool: SpoolFacts) -> Iterator[Point]:
    """The spool of one machine."""
    counts = {"ready": spool.ready, "inflight": spool.inflight, "held": spool.held, "dead": spool.dead}
    for state, count in counts.items():
        yield Point(SPOOL_ENTRIES, (department, state), count)
    yield Point(SPOOL_BYTES, (department,), spool.bytes)
    for metric, moment in ((SPOOL_OLDEST, spool.oldest_at), (SPOOL_HELD, spool.held_since)):
        if moment is not None:
            yield Point(metric, (department,), moment.timestamp())
