"""What one reading of a source is asked for, and the time it may take.

Owns the deadline: every wait of an adapter asks `remaining` first. Must never know a driver or a kind of source.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.errors import CollectingStopped, LimitExceeded
from gateway.records.types import BATCH_ROWS, Column

_WATCH_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Request:
    """One reading that a journey asks for.

    Attributes:
        columns: the feed's fields, in the order the batches must have.
        period, start, end: the data period as text and as dates; `end` is exclusive.
        cursor: what the last reading returned, or None for everything of the period.
        deadline: an instant of `time.monotonic()`; the whole reading ends before it.
        max_rows, max_bytes: limits of the whole reading; bytes are Arrow's own, uncompressed.
        cancelled: set by another thread to stop the reading soon.
        at: when the reading began by the front-end's clock, aware; None where nobody needs to know.
    """

    feed: str
    columns: tuple[Column, ...]
    period: str
    start: date
    end: date
    deadline: float
    max_rows: int
    max_bytes: int
    cursor: str | None = None
    at: datetime | None = None
    batch_rows: int = BATCH_ROWS
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def remaining(self) -> float:
        """Seconds left, more than zero; to be asked before every wait and passed on as its timeout.

        Raises:
            LimitExceeded: the deadline has passed.
            CollectingStopped: `cancelled` is set.
        """
        if self.cancelled.is_set():
            raise CollectingStopped(feed=self.feed)
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LimitExceeded(feed=self.feed, limit_zh="采集时间到", limit_en="the time allowed is over")
        return left

    @property
    def expired(self) -> bool:
        """Whether `remaining` would raise; for a watchdog thread, which must not."""
        return self.cancelled.is_set() or self.deadline <= time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, but not past the deadline nor past a cancellation. Raises: as `remaining`."""
        self.cancelled.wait(min(seconds, self.remaining()))
        self.remaining()

    def fill(self, template: str) -> str:
        """A pattern with the period put in: `{period} {yyyymm} {yyyy} {mm} {q}`, all of the period's first day."""
        first = self.start
        names = {
            "{period}": self.period,
            "{yyyymm}": f"{first:%Y%m}",
            "{yyyy}": f"{first:%Y}",
            "{mm}": f"{first:%m}",
            "{q}": str((first.month + 2) // 3),
        }
        for name, value in names.items():
            template = template.replace(name, value)
        return template


@contextmanager
def cut_off(request: Request, action: Callable[[], object]) -> Iterator[None]:
    """Run `action` from a watchdog thread once the deadline passes or somebody cancels: for a driver that cannot be
    given a deadline of its own. The action has to make the call inside the `with` fail.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_WATCH_SECONDS):
            if request.expired:
                action()
                return

    watcher = threading.Thread(target=watch, name="yizhan-deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
