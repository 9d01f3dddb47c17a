"""The node that is watched, and its catalogue as it is now.

An exporter runs for months; a due rule, an arrangement of working days or a feed that the office adds meanwhile counts
from the next scrape on. Owns noticing that. Everything else of the site is read once, as every service does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from gateway.app.observing import ObservedCentre, ObservedFrontEnd, observe_node

Observed = ObservedFrontEnd | ObservedCentre
_Mark = tuple[tuple[str, int, int], ...]


class Watch:
    """One site."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        """Raises: what `read_site` raises."""
        self._open = partial(observe_node, root, environ)
        self._node = self._open()
        self._mark = _mark(self._node.catalogue_now())

    @property
    def node(self) -> Observed:
        """The node as it was last looked at; another object once its catalogue has changed."""
        return self._node

    def look(self) -> None:
        """Notice a changed catalogue. Raises: what `read_site` raises; the node stays what it was."""
        mark = _mark(self._node.catalogue_now())
        if mark != self._mark:
            left, self._node, self._mark = self._node, self._open(), mark
            left.close()

    def close(self) -> None:
        """Let go of the database."""
        self._node.close()


def _mark(catalogue: Path) -> _Mark:
    """What changes with any file of it: names, sizes and times."""
    files = sorted(catalogue.rglob("*.y*ml")) if catalogue.is_dir() else [catalogue]
    return tuple((str(file), *_size_and_time(file)) for file in files)


def _size_and_time(file: Path) -> tuple[int, int]:
    try:
        facts = file.stat()
    except OSError:
        return -1, -1  # gone between the listing and the look, or unreadable: `load` says which
    return facts.st_size, facts.st_mtime_ns
