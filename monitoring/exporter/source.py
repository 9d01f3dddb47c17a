"""What a collector is, and one reading of it: in a thread of its own, so that one that hangs does not hold the others.

A reading that ended with an error gave nothing: half a board would tell of half the debts. It must never let a
collector's exception through, nor its words: they may quote what they stumbled over.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol

from gateway.errors import ProgramFault, YizhanError
from monitoring.exporter.point import Point


class Source(Protocol):
    """A collector."""

    @property
    def name(self) -> str:
        """Value of the label `source`."""

    def read(self) -> Iterable[Point]:
        """What it knows now. Raises: YizhanError."""


class Reading(threading.Thread):
    """One reading; `points`, `error` and `places` (where in the code a defect showed) count once it is over."""

    def __init__(self, source: Source) -> None:
        """Starts at once; a daemon, so that one that hangs does not hold the end of the process."""
        super().__init__(name=f"read {source.name}", daemon=True)
        self.source = source.name
        self.points: tuple[Point, ...] = ()
        self.error: YizhanError | None = None
        self.places = ""
        self.seconds = 0.0
        self._read: Callable[[], Iterable[Point]] = source.read
        self.start()

    def run(self) -> None:
        """In its own thread."""
        began = time.perf_counter()
        with ExitStack() as stack:
            stack.push(self._failed)
            self.points = tuple(self._read())
        self.seconds = time.perf_counter() - began

    def _failed(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        if isinstance(error, YizhanError):
            self.error = error
        elif kind is not None:
            self.error, self.places = ProgramFault(kind=kind.__name__), "".join(traceback.format_tb(where))
        return True
