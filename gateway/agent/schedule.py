"""The front-end's own schedule: what it owes is collected once a day even if the office cannot be reached.

Only what has ended, is owed by this node's own catalogue, is open and was not sealed yet; a period that an instruction
or a person's `yizhan run` has sealed is left alone. The day on which it was last done is kept, so that an agent that
was off at the hour makes up for it. Must never make a correction: nobody is there to give a reason.
"""

from __future__ import annotations

import time as seconds
from collections.abc import Callable, Iterator
from datetime import date, datetime, time

from gateway.agent.rooms import Rooms
from gateway.calendar import ASIA_SHANGHAI, Period, closing
from gateway.catalogue import Feed
from gateway.collect import Task, collect
from gateway.deliver import drain
from gateway.errors import Retry, Settled, YizhanError
from gateway.journal import enter_missing, last_sealed

Owed = Callable[[], Iterator[tuple[Feed, Period]]]
"""The feeds' periods that are over, owed and without a receipt, by this node's own catalogue and spool."""
_FIRST, _MOST = 60.0, 3600.0


class Daily:
    """What is done each day at this time (Beijing), and what is left of it. For one thread; `retry_now` is for any."""

    def __init__(self, at: time, owed: Owed, rooms: Rooms) -> None:
        self._at, self._owed, self._rooms = at, owed, rooms
        self._pause, self._not_before = _FIRST, 0.0
        self._refused: set[tuple[date, str, Period]] = set()

    def retry_now(self) -> None:
        """What time has to heal may be healed: a centre can be reached again."""
        self._pause, self._not_before = _FIRST, 0.0

    def due(self) -> bool:
        """Whether today's turn has come and is not over."""
        now = self._now()
        return now.time() >= self._at and self._last() != now.date() and seconds.monotonic() >= self._not_before

    def wait(self) -> float:
        """Seconds until it may be due; at most an hour, since clocks are set right."""
        now = self._now()
        until = (datetime.combine(now.date(), self._at, ASIA_SHANGHAI) - now).total_seconds()
        left = self._not_before - seconds.monotonic() if self._last() != now.date() else _MOST
        return min(max(until, left, 0.1), _MOST)

    def run(self, stopping: Callable[[], bool]) -> Iterator[YizhanError]:
        """Collect and deliver; what did not work, as it happens.

        Where time may heal it, there is another turn the same day, and one who was cut off begins again; what was
        refused is not asked for again before tomorrow.
        """
        today, rooms, later = self._now().date(), self._rooms, False
        enter_missing(rooms.spool, rooms.ledger, rooms.clock)
        for feed, period in self._owed():
            if stopping():
                return
            for error in self._collect(today, feed, period):
                later = later or isinstance(error, Retry)
                yield error
        for error in self._deliver():
            later = later or isinstance(error, Retry)
            yield error
        if later:
            self._not_before, self._pause = seconds.monotonic() + self._pause, min(self._pause * 2, _MOST)
        else:
            rooms.tray.keep_day(today.isoformat())

    def _now(self) -> datetime:
        return self._rooms.clock().astimezone(ASIA_SHANGHAI)

    def _last(self) -> date | None:
        day = self._rooms.tray.day()
        return date.fromisoformat(day) if day else None

    def _collect(self, today: date, feed: Feed, period: Period) -> Iterator[YizhanError]:
        rooms = self._rooms
        closes = closing(rooms.catalogue.year_freeze, period)
        closed = closes is not None and rooms.clock() >= closes.at
        sealed = last_sealed(rooms.spool, rooms.ledger, feed.id, str(period))
        if closed or sealed is not None or (today, feed.id, period) in self._refused:
            return
        region = rooms.catalogue.department(feed.department).region
        task = Task(feed=feed, region=region, period=period, collector=rooms.collector)
        try:
            collect(task, source=rooms.source(feed), desk=rooms.desk(feed), progress=lambda _: None)
        except Settled:
            return
        except YizhanError as error:
            if not isinstance(error, Retry):
                self._refused.add((today, feed.id, period))
            yield error

    def _deliver(self) -> Iterator[YizhanError]:
        for one in drain(self._rooms.post(lambda *_: None)):
            if one.error is not None:
                yield one.error
        yield from self._rooms.afterwards()
