"""The collector `presence`: what a centre last heard of each department's front-end.

A front-end hears of nobody. Feeds' last attempts are on the board, which is told of them as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.observing import ObservedCentre
from gateway.presence import Heard, Report
from monitoring.exporter import certificates, disk, spool
from monitoring.exporter.metrics import CLOCK_SKEW, HEARD
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Watch


class Presences:
    """See `Source`."""

    name = "presence"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def read(self) -> Iterator[Point]:
        """Raises: StoreAbsent, StoreUnavailable, StoreForbidden, SchemaBehind."""
        node = self._watch.node
        if isinstance(node, ObservedCentre):
            for heard in node.presence.all():
                yield from _points(heard)


def _points(heard: Heard) -> Iterator[Point]:
    department = heard.department
    yield Point(HEARD, (department,), heard.at.timestamp())
    if heard.skew is not None:
        yield Point(CLOCK_SKEW, (department,), heard.skew.total_seconds())
    if heard.report is not None:
        yield from _reported(department, heard.report)


def _reported(department: str, report: Report) -> Iterator[Point]:
    yield from spool.points(department, report.spool)
    yield from disk.points(department, report.disk)
    yield from certificates.points(department, report.certificates)
