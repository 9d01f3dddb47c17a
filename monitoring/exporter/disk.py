"""The collector `disk`: how much room the node's disk has."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.app.presence import disk_facts
from gateway.presence import DiskFacts
from monitoring.exporter.metrics import DISK_FREE, DISK_SIZE
from monitoring.exporter.place import own_department
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Watch


class Disk:
    """See `Source`."""

    name = "disk"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def read(self) -> Iterator[Point]:
        """Raises: SpoolUnavailable."""
        node = self._watch.node
        yield from points(own_department(node), disk_facts(node.site.root))


def points(department: str, disk: DiskFacts) -> Iterator[Point]:
    """The disk of one machine."""
    yield Point(DISK_FREE, (department,), disk.free)
    yield Point(DISK_SIZE, (department,), disk.total)
