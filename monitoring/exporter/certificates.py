"""The collector `certificates`: until when the certificates of this node are valid; people's are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.app.presence import certificates
from gateway.presence import Certificate
from monitoring.exporter.metrics import CERTIFICATE
from monitoring.exporter.place import THIS_NODE
from monitoring.exporter.point import Point
from monitoring.exporter.watch import Watch


class Certificates:
    """See `Source`."""

    name = "certificates"

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def read(self) -> Iterator[Point]:
        """Raises: KeyFileUnreadable."""
        return points(THIS_NODE, certificates(self._watch.node.keys))


def points(department: str, held: Iterable[Certificate]) -> Iterator[Point]:
    """The certificates of one machine."""
    return (Point(CERTIFICATE, (department, one.name), one.not_after.timestamp()) for one in held)
