"""The exporter: all collectors read side by side, and what each of them came to.

Owns which of them answered. A collector that fails, hangs or has a defect is missing from this scrape and named by
`yizhan_exporter_source_success 0`; its code goes to the log once, not at every scrape. It must never write anything but
that log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.errors import Lang, SourceSlow, YizhanError
from monitoring.exporter import exposition
from monitoring.exporter.metrics import SCRAPE, SOURCE_DURATION, SOURCE_SUCCESS
from monitoring.exporter.point import Point
from monitoring.exporter.source import Reading, Source

PATIENCE = 5.0
"""Seconds for all collectors together; Prometheus itself waits ten."""


class Exporter(Collector):
    """Any number of threads may ask; they are served one after the other."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        fixed: Iterable[Point],
        clock: Callable[[], datetime],
        log: logging.Logger,
        lang: Lang,
        patience: float = PATIENCE,
    ) -> None:
        """`fixed`: what needs no reading. `lang`: of the log's words."""
        self._sources, self._fixed = tuple(sources), tuple(fixed)
        self._clock, self._log, self._lang, self._patience = clock, log, lang, patience
        self._alone = threading.Lock()
        self._running: dict[str, Reading] = {}
        self._failing: dict[str, str] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For prometheus_client."""
        return exposition.families(self.points())

    def text(self) -> bytes:
        """The answer to a scrape."""
        return exposition.text(self.points())

    def begin(self) -> tuple[Reading, ...]:
        """Let every collector read what there is so far; the first scrape finds it read, or being read."""
        with self._alone:
            return tuple(self._begin(source) for source in self._sources)

    def points(self) -> list[Point]:
        """Every collector's points, and what became of each collector."""
        with self._alone:
            until = time.monotonic() + self._patience
            scrape = Point(SCRAPE, (), self._clock().timestamp())
            readings = [self._begin(source) for source in self._sources]
            return [*self._fixed, scrape, *chain.from_iterable(self._end(reading, until) for reading in readings)]

    def _begin(self, source: Source) -> Reading:
        """A new reading, unless the last one still runs: what hangs is not asked twice."""
        running = self._running.get(source.name)
        if running is None or not running.is_alive():
            running = self._running[source.name] = Reading(source)
        return running

    def _end(self, reading: Reading, until: float) -> Iterator[Point]:
        reading.join(max(0.0, until - time.monotonic()))
        slow = reading.is_alive()
        error = SourceSlow(source=reading.source, seconds=f"{self._patience:g}") if slow else reading.error
        self._tell(reading.source, error, "" if slow else reading.places)
        if error is None:
            yield from reading.points
        yield Point(SOURCE_SUCCESS, (reading.source,), float(error is None))
        yield Point(SOURCE_DURATION, (reading.source,), self._patience if slow else reading.seconds)

    def _tell(self, source: str, error: YizhanError | None, places: str) -> None:
        """To the log, when it is something else than the last time."""
        code = error.code if error else ""
        if code == self._failing.get(source, ""):
            return
        self._failing[source] = code
        if error is None:
            self._log.info("source=%s ok", source)
        else:
            self._log.warning("%ssource=%s code=%s %s", places, source, error.code, error.message(self._lang))
